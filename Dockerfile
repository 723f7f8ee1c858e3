# syntax=docker/dockerfile:1
FROM python:3.11-slim-bookworm

# Where pip finds PyTorch. Empty: the default index, whose Linux build brings CUDA. PyTorch's installation page names
# the index of the CPU build, which makes the image several GB smaller.
ARG TORCH_INDEX=""

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    RAG_HOST=0.0.0.0 \
    RAG_DATA_DIR=/data \
    HF_HOME=/models

WORKDIR /app
COPY requirements.txt ./
# Torch first: with it in place, the second command keeps the build chosen here.
RUN grep '^torch==' requirements.txt > torch.txt \
    && pip install --no-cache-dir ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} -r torch.txt \
    && pip install --no-cache-dir -r requirements.txt

RUN useradd --uid 10001 --create-home plainsight \
    && install --directory --owner=plainsight --group=plainsight /data /models
COPY rag rag/
COPY assets assets/
COPY app.py ./
# The user below may not write here: uncompiled, our code would cost each start a second.
RUN python -m compileall -q rag

# By number, so that a cluster can check that it is not root.
USER 10001
VOLUME ["/data", "/models"]
EXPOSE 7860
# The page answers before any model is loaded, so "healthy" means the server is up; its header tells about models.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen(u.Request('http://127.0.0.1:7860/', method='HEAD'), timeout=4).close()"]
CMD ["python", "app.py"]
