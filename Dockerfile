# docker build -t normwise .
# docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/study" normwise --cores 4 --configfile study.yaml
#
# What is run, and where its results go, lies in /study: a folder of yours.

# any image with Python 3.11 or later, and its venv, as python3
ARG BASE=python:3.12-slim-bookworm

FROM ${BASE} AS build
COPY uv.txt /
RUN python3 -m venv /opt/uv && /opt/uv/bin/pip install --no-cache-dir --require-hashes -r /uv.txt
ENV UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_NO_CACHE=1
WORKDIR /normwise
# packages change less often than the code; uv checks each against its hash in uv.lock
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN /opt/uv/bin/uv sync --locked --no-dev --extra study --extra formats --no-install-project --compile-bytecode
COPY src src
RUN /opt/uv/bin/uv sync --locked --no-dev --extra study --extra formats --compile-bytecode

FROM ${BASE}
COPY --from=build /normwise /normwise
COPY config /normwise/config
COPY workflow /normwise/workflow
# whoever runs it may write here
RUN useradd --create-home study && mkdir /study && chown study /study
# Snakemake asks for a user's name, and one of `--user` has none; caches go below HOME
ENV PATH=/normwise/.venv/bin:$PATH \
    HOME=/tmp/home \
    USER=study \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /study
USER study
ENTRYPOINT ["snakemake", "--snakefile", "/normwise/workflow/Snakefile"]
CMD ["--cores", "all", "--configfile", "/normwise/config/config.yaml"]
