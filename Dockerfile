# tfopt recommend in a container, as a user without rights:
#   docker build -t tfopt . && docker run --rm -v "$PWD:/work" tfopt recommend plan.json
FROM python:3.12-slim AS build
COPY . /src
RUN python -m venv /opt/tfopt && /opt/tfopt/bin/pip install --no-cache-dir /src

FROM python:3.12-slim
COPY --from=build /opt/tfopt /opt/tfopt
# compiled while the image is built, kept in a folder that every user may write: on a machine of
# another kind it is compiled anew
ENV PATH=/opt/tfopt/bin:$PATH NUMBA_CACHE_DIR=/var/cache/tfopt
COPY examples/web-shop /tmp/warm-up
RUN useradd --create-home tfopt \
 && tfopt recommend /tmp/warm-up/plan.json --format json --out /tmp/answer.json --quiet \
 && rm -rf /tmp/warm-up /tmp/answer.json \
 && chmod -R a+rwX /var/cache/tfopt
USER tfopt
WORKDIR /work
ENTRYPOINT ["tfopt"]
