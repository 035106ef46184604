# The base is named once, by tag and by what the tag was when it was chosen; Dependabot moves both.
FROM python:3.13-slim@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b AS base

# ---- dependencies, installed apart so that pip's traces stay behind ----
FROM base AS dependencies
COPY requirements-postgres.txt /tmp/
RUN python -m venv --without-pip /venv \
    && python -m pip --python /venv install --no-cache-dir --only-binary :all: --require-hashes \
        --disable-pip-version-check --requirement /tmp/requirements-postgres.txt

# ---- what runs ----
FROM base
RUN groupadd --gid 10001 fitserve \
    && useradd --uid 10001 --gid fitserve --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin fitserve \
    && install --directory --owner fitserve --group fitserve --mode 0700 /var/lib/fitserve
COPY --from=dependencies /venv /venv
WORKDIR /app
COPY src src

ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 \
    PORT=8000 \
    FITSERVE_STORE=sqlite:////var/lib/fitserve/fitserve.sqlite3
USER 10001:10001
EXPOSE 8000
VOLUME /var/lib/fitserve
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/health\", timeout=4)"]
CMD ["env", "PYTHONPATH=src", "python", "-m", "fitserve", "serve"]
