"""One HTTP request on the shared, pooled session, in the form PyGithub's requester wants it.

PyGithub's own connection keeps the request in flight in fields that all threads share, so two
threads could read each other's answer; here every request is an object of its own. Bodies are
read to the end under a size cap and a deadline, redirects are never followed, and only reads
are repeated: a write whose answer was lost may have been done.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
import requests.adapters
import urllib3
from github.Requester import HTTPRequestsConnectionClass, RequestsResponse

from controller.adapters.github.refusals import COMPONENT, MovedError, OversizedAnswerError, unavailable

THREADS = 20
"""Requests in flight at once; GitHub allows a hundred per App."""

_CHUNK = 65536


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one request may take, and how often a read is tried again."""

    connect_seconds: float = 5.0
    read_seconds: float = 10.0
    total_seconds: float = 30.0
    retries: int = 2


def new_session(patience: Patience) -> requests.Session:
    """Return a session that keeps one connection per thread alive and repeats reads only.

    Nothing waits for a rate limit here: that is told to the caller, who lets go of the work.
    """
    session = requests.Session()
    session.auth = _keep  # anything else than None, or a .netrc would replace the token
    retry = urllib3.Retry(
        total=patience.retries,
        allowed_methods={"GET", "HEAD"},
        status_forcelist=(500, 502, 503, 504),
        backoff_factor=0.1,
        respect_retry_after_header=False,
        raise_on_status=False,
        redirect=False,
    )
    adapter = requests.adapters.HTTPAdapter(
        max_retries=retry, pool_connections=1, pool_maxsize=THREADS, pool_block=True
    )
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


class Answer(RequestsResponse):
    """What came back, read completely."""

    def __init__(self, response: requests.Response, body: bytes) -> None:
        super().__init__(response)
        self._body = body

    def read(self) -> str:
        """Return the body as text; JSON is UTF-8."""
        return self._body.decode("utf-8")


class Exchange(HTTPRequestsConnectionClass):
    """A connection for exactly one request."""

    def __init__(self, session: requests.Session, patience: Patience, api_url: str, limit: int) -> None:
        address = urlsplit(api_url)
        self._root = f"{address.scheme}://{address.netloc}"
        self._session = session
        self._patience = patience
        self._limit = limit
        self.status: int | None = None
        """What was answered; None while nothing was."""
        self.told: Mapping[str, str] = {}
        """The headers of the answer."""

    def getresponse(self) -> Answer:
        """Send the request and read the whole answer."""
        patience = self._patience
        deadline = time.monotonic() + patience.total_seconds
        with self._session.request(
            self.verb,
            self._root + self.url,
            headers=self.headers,
            data=self.input,
            timeout=(patience.connect_seconds, patience.read_seconds),
            allow_redirects=False,
            stream=True,
        ) as response:
            self.status, self.told = response.status_code, response.headers
            self._refuse_detours(response)
            return Answer(response, self._body(response, deadline))

    def _refuse_detours(self, response: requests.Response) -> None:
        call = f"{self.verb} {self.url.partition('?')[0]}"
        if response.status_code == 304:
            if "If-None-Match" not in self.headers:
                raise unavailable(f"GitHub says that nothing changed since {call}, which was not asked")
            return
        if 300 <= response.status_code < 400:
            raise MovedError(
                f"GitHub redirects {call} elsewhere ({response.status_code}): was the repository renamed or moved?"
                " Correct DVO_REPOSITORY or GITHUB_API_URL"
            )
        if response.status_code == 202 and self.verb == "GET":
            raise unavailable(f"GitHub is still working out its answer to {call}")

    def _body(self, response: requests.Response, deadline: float) -> bytes:
        parts, size = [], 0
        for part in response.iter_content(_CHUNK):
            parts.append(part)
            size += len(part)
            if size > self._limit:
                raise OversizedAnswerError(f"GitHub's answer exceeds {self._limit} bytes", component=COMPONENT)
            if time.monotonic() > deadline:
                raise TimeoutError
        return b"".join(parts)


def _keep(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
