"""What several people claim is told with everybody who is said to have it, and who says so."""

from controller.identity.principal import Contested, PrincipalId, Way


def test_a_contest_names_who_says_what() -> None:
    claims = {
        "Entra ID": [PrincipalId("entra:a"), PrincipalId("entra:b")],
        "the directory file": [PrincipalId("github:7")],
    }
    assert str(Contested(Way.ACCOUNT, "7", claims)) == (
        "the account 7 belongs to nobody, since it leads to several people: "
        "Entra ID says entra:a, entra:b; the directory file says github:7"
    )
