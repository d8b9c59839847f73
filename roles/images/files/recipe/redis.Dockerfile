# Redis 7, from what make-rootfs left in the build folder.
FROM scratch
# The same first layer as the PostgreSQL image: kept, and on disk, once.
ADD rootfs.tar /
LABEL org.opencontainers.image.title="Redis 7" \
      org.opencontainers.image.version="7.0" \
      org.opencontainers.image.created-by="Ansible role images"
COPY packages /tmp/packages/
# In Debian one program is both redis-server and redis-check-rdb; it acts on the name it is called by.
RUN echo 'redis:x:1000:' >> /etc/group \
 && echo 'redis:x:999:1000:Redis:/data:/usr/sbin/nologin' >> /etc/passwd \
 && dpkg --install /tmp/packages/*.deb \
 && rm -rf /tmp/packages /etc/redis /var/lib/redis /var/log/* \
 && ln -sf redis-check-rdb /usr/bin/redis-server \
 && install --directory --owner redis --group redis /data
COPY entrypoint.sh /usr/local/bin/docker-entrypoint.sh
ENV LANG=en_US.utf8
WORKDIR /data
VOLUME /data
EXPOSE 6379
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["redis-server"]
