# LeadFlow for people who prefer containers. `make up` needs none of this.
FROM python:3.12-slim AS packages
WORKDIR /build
COPY requirements.lock .
RUN python -m venv /opt/leadflow && \
    /opt/leadflow/bin/pip install --no-cache-dir --disable-pip-version-check \
        --require-hashes -r requirements.lock

FROM python:3.12-slim
ENV PATH=/opt/leadflow/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    LC_ALL=C.UTF-8 \
    LEADFLOW_HOME=/data
RUN useradd --create-home leadflow && install -d -o leadflow -g leadflow /data /data/media
COPY --from=packages /opt/leadflow /opt/leadflow
WORKDIR /app
COPY . .
USER leadflow
# The key is for this one command: a running container gets its own from the environment.
RUN SECRET_KEY=only-to-collect-static-files python manage.py collectstatic --no-input && \
    install -d -m 700 /data/run
VOLUME /data/media
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s \
    CMD ["python", "-m", "leadflow.runtime", "healthy"]
CMD ["python", "-m", "granian", "--interface", "wsgi", "--no-ws", \
     "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "8", \
     "--respawn-failed-workers", "--workers-kill-timeout", "5", "leadflow.wsgi:application"]
