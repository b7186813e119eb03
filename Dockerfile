# docker build -t naftiko-run .
# docker run -p 8080:8080 -p 9090:9090 -v "$PWD/capabilities:/app/capabilities:ro" naftiko-run

FROM python:3.13-slim AS build
WORKDIR /build
COPY requirements requirements
RUN python -m venv /opt/naftiko \
    && /opt/naftiko/bin/pip install --no-cache-dir --require-hashes -r requirements/all.txt \
    && pip install --no-cache-dir --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
    && /opt/naftiko/bin/pip install --no-cache-dir --no-deps --no-index dist/*.whl

FROM python:3.13-slim
ENV PATH="/opt/naftiko/bin:$PATH" \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    NAFTIKO_HOST=0.0.0.0 \
    NAFTIKO_HEALTH_PORTS="8080 9090"
COPY --from=build /opt/naftiko /opt/naftiko
WORKDIR /app
COPY docker/health.py health.py
COPY capabilities capabilities
USER 10001:10001
EXPOSE 8080 9090
# Documents that listen on other ports than these two: say which in NAFTIKO_HEALTH_PORTS.
HEALTHCHECK --interval=15s --timeout=10s --start-period=15s --retries=3 CMD ["python", "/app/health.py"]
ENTRYPOINT ["naftiko-run"]
CMD ["/app/capabilities"]
