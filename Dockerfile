# tfopt recommend in a container, as a user without rights:
#   docker build -t tfopt . && docker run --rm -v "$PWD:/work" tfopt recommend plan.json
FROM python:3.12-slim AS build
COPY . /src
RUN python -m venv /opt/tfopt && /opt/tfopt/bin/pip install --no-cache-dir /src

FROM python:3.12-slim
COPY --from=build /opt/tfopt /opt/tfopt
# compiled once, kept in a folder that every user may write
ENV PATH=/opt/tfopt/bin:$PATH NUMBA_CACHE_DIR=/tmp/tfopt-numba
RUN useradd --create-home tfopt
USER tfopt
WORKDIR /work
ENTRYPOINT ["tfopt"]
