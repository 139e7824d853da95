"""A browser that signs in: it keeps cookies, and goes to a tenant and comes back with a form."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import httpx

from tests.fakes.entra.stand_in import EntraStandIn


@dataclass
class Browser:
    """Keeps cookies as browsers do, and shows what it was told of them."""

    ask: Callable[..., httpx.Response]
    """Asks one request: method, path, and what `httpx` takes beside."""
    cookies: dict[str, str] = field(default_factory=dict)
    for_any_site: set[str] = field(default_factory=set)
    """The cookies that go along when another site posts a form: those that say `SameSite=None`."""
    set_cookies: list[str] = field(default_factory=list)

    def go(self, method: str, path: str, *, is_from_elsewhere: bool = False, **more: object) -> httpx.Response:
        sent = {
            name: value
            for name, value in self.cookies.items()
            if not is_from_elsewhere or method == "GET" or name in self.for_any_site
        }
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in sent.items())}
        answer = self.ask(method, path, headers=headers if sent else {}, **more)
        for line in answer.headers.get_list("set-cookie"):
            self.set_cookies.append(line)
            for name, morsel in SimpleCookie(line).items():
                self.cookies.pop(name, None)
                if morsel["max-age"] != "0":
                    self.cookies[name] = morsel.value
                    self.for_any_site |= {name} if morsel["samesite"].lower() == "none" else set()
        return answer

    def post(self, path: str, **fields: str) -> httpx.Response:
        """Post a form: of the provider's page to where a sign-in comes back, else of our own."""
        return self.go("POST", path, is_from_elsewhere=path == "/auth/callback", content=urlencode(fields))

    def me(self) -> httpx.Response:
        return self.go("GET", "/v1/auth/me")


@dataclass
class Tenant:
    """A tenant with one person, as a browser meets it."""

    stand_in: EntraStandIn
    http: httpx.Client
    dana: str

    def brought(self, address: str) -> dict[str, str]:
        """Go where a browser is sent, and return the form it brings back."""
        return brought_back(self.http, address)


def brought_back(http: httpx.Client, address: str) -> dict[str, str]:
    """Go where a browser is sent, and return the form it brings back."""
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', http.get(address).text))
