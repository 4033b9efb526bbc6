# No Docker engine has built this file yet: tests/ops checks it with hadolint and runs what it
# copies. One image for the web, the workers, beat and the one-shot migration.

FROM node:24-bookworm-slim AS assets
WORKDIR /assets
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund

FROM python:3.11-slim-bookworm AS app
RUN groupadd --gid 10001 atw \
    && useradd --uid 10001 --gid atw --no-create-home --shell /usr/sbin/nologin atw
ENV PYTHONUNBUFFERED=1 \
    ATW_PROFILE=prod \
    ATW_DATA=/srv/atw/var \
    ATW_METRICS_DIR=/tmp/metrics
WORKDIR /srv/atw
COPY requirements.txt ./
RUN pip install --no-cache-dir --no-deps --require-hashes -r requirements.txt
COPY manage.py asgi.py ./
COPY config config
COPY users users
COPY trips trips
COPY billing billing
COPY deploy/healthcheck.py deploy/healthcheck.py
# The key is for this step only; the packages stay in their own stage.
RUN --mount=type=bind,from=assets,source=/assets/node_modules,target=/srv/atw/node_modules \
    SECRET_KEY=only-while-building python manage.py collectstatic --no-input
USER 10001
EXPOSE 8000
CMD ["python", "-m", "config.daphne_launcher", "--bind", "0.0.0.0", "--port", "8000", "-v", "0", \
     "--websocket-max-message-size", "16384", "--ping-interval", "10", "--ping-timeout", "10", \
     "asgi:application"]
