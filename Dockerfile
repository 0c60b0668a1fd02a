# The service, from the hashed lock, as a user that owns nothing. Build: docker build -t mailbox-svc .
FROM node:22-slim AS page
WORKDIR /build
COPY scripts/build-web.sh scripts/npm-clients.sh scripts/
COPY clients clients
RUN scripts/build-web.sh --needed

FROM python:3.13-slim AS build
WORKDIR /build
COPY requirements.lock requirements-build.lock ./
RUN python -m venv /app && /app/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
RUN python -m venv /tools && /tools/bin/pip install --no-cache-dir --require-hashes -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY clients/python clients/python
COPY scripts/hatch_build.py scripts/
COPY src src
COPY --from=page /build/src/mailbox_svc/rest/static src/mailbox_svc/rest/static
RUN /tools/bin/pip wheel --no-deps --no-build-isolation -w /wheels ./clients/python . \
 && /app/bin/pip install --no-cache-dir --no-deps /wheels/*.whl \
 && /app/bin/pip uninstall -y pip

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home mailbox \
 && install -d -o mailbox -g mailbox -m 0700 /keys /data
COPY --from=build /app /app
COPY deploy/healthcheck.py /app/healthcheck.py
ENV PATH=/app/bin:$PATH PYTHONDONTWRITEBYTECODE=1
USER mailbox
WORKDIR /data
EXPOSE 50051 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["python", "/app/healthcheck.py"]
ENTRYPOINT ["mailbox-svc"]
CMD ["serve"]
