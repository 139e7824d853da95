# The controller's image: Python, Git, OPA and the pinned packages, run by a user without rights.

FROM golang:1.26-bookworm AS opa
WORKDIR /source/tools/opa
COPY tools/opa/go.mod tools/opa/go.sum ./
RUN CGO_ENABLED=0 go build -ldflags='-s -w' -o /opa github.com/open-policy-agent/opa


FROM python:3.14-slim-bookworm AS packages
WORKDIR /opt/dvo
RUN python -m venv .venv
COPY requirements.lock ./
RUN .venv/bin/pip install --no-cache-dir --require-hashes --requirement requirements.lock
COPY pyproject.toml requirements.in LICENSE ./
COPY controller controller
RUN .venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation --editable . \
    && .venv/bin/python -m compileall -q .venv/lib controller


FROM python:3.14-slim-bookworm
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git openssh-client \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --create-home --home-dir /var/lib/dvo dvo

COPY --from=opa /opa /usr/local/bin/opa
COPY --from=packages /opt/dvo /opt/dvo
COPY policies /opt/dvo/policies
COPY environments /opt/dvo/environments
COPY agents /opt/dvo/agents
COPY schemas /opt/dvo/schemas

ENV PATH=/opt/dvo/.venv/bin:$PATH DVO_HOME=/var/lib/dvo PYTHONUNBUFFERED=1
WORKDIR /var/lib/dvo
USER 10001
EXPOSE 8080

HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/health/live', timeout=4)"]

ENTRYPOINT ["dvo"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8080"]
