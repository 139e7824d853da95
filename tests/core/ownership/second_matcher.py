"""CODEOWNERS patterns matched segment by segment with recursion: slow, plain and independent."""


def matches(pattern: str, path: str) -> bool:
    names = path.split("/")
    inside = pattern.endswith("/")
    body = pattern[:-1] if inside else pattern
    segments = body.split("/")
    if segments[0] == "":
        segments = segments[1:]
    elif len(segments) == 1:
        if segments[0] == "*" and not inside:
            return True
        segments = ["**", *segments]
    if segments[-1] == "**" and not inside:
        return any(_covers(segments[:-1], names[:cut]) for cut in range(len(names)))
    if inside:
        return any(_covers(segments, names[:cut]) for cut in range(1, len(names)))
    if segments[-1] == "*":
        return _covers(segments, names)
    return any(_covers(segments, names[:cut]) for cut in range(1, len(names) + 1))


def _covers(segments: list[str], names: list[str]) -> bool:
    if not segments:
        return not names
    if segments[0] == "**":
        return any(_covers(segments[1:], names[skip:]) for skip in range(len(names) + 1))
    return bool(names) and _is_like(segments[0], names[0]) and _covers(segments[1:], names[1:])


def _is_like(glob: str, name: str) -> bool:
    if glob == "*":
        return name != ""
    if not glob:
        return not name
    if glob[0] == "\\":
        return name[:1] == glob[1] and _is_like(glob[2:], name[1:])
    if glob[0] == "*":
        rest = glob.lstrip("*")
        return any(_is_name(rest, name[skip:]) for skip in range(len(name) + 1))
    return bool(name) and glob[0] in ("?", name[0]) and _is_name(glob[1:], name[1:])


def _is_name(glob: str, name: str) -> bool:
    return True if glob == "*" else _is_like(glob, name)
