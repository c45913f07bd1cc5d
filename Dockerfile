# JupyterLab with the kernel and its notebooks:
#   docker build -t evroute .
#   docker run --rm -p 127.0.0.1:8888:8888 --shm-size=1g evroute
# and open the address that it prints. Sessions share memory in /dev/shm, of which Docker gives 64 MiB unless told.
FROM python:3.13-slim
COPY . /src
RUN pip install --no-cache-dir '/src[lab]' && useradd --create-home routes \
    && cp -r /src/notebooks /home/routes/notebooks && chown -R routes /home/routes/notebooks && rm -r /src
USER routes
WORKDIR /home/routes/notebooks
EXPOSE 8888
CMD ["jupyter", "lab", "--ip=0.0.0.0", "--no-browser"]
