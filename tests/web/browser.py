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
    set_cookies: list[str] = field(default_factory=list)

    def go(self, method: str, path: str, **more: object) -> httpx.Response:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        answer = self.ask(method, path, headers=headers if self.cookies else {}, **more)
        for line in answer.headers.get_list("set-cookie"):
            self.set_cookies.append(line)
            for name, morsel in SimpleCookie(line).items():
                self.cookies.pop(name, None)
                if morsel["max-age"] != "0":
                    self.cookies[name] = morsel.value
        return answer

    def post(self, path: str, **fields: str) -> httpx.Response:
        return self.go("POST", path, content=urlencode(fields))

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
