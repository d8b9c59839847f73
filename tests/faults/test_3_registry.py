"""A private registry, on the host itself: images by tag and by digest, and the digests written into an inventory."""

from __future__ import annotations

from typing import NamedTuple

import pytest

REGISTRY = "127.0.0.1:5000"
CONFIG = f"""
version: 0.1
storage: {{filesystem: {{rootdirectory: /var/lib/docker-registry}}}}
http: {{addr: {REGISTRY}}}
auth: {{htpasswd: {{realm: test, path: /etc/docker/registry/htpasswd}}}}
"""
# The registry checks the password anew for every request, so the hash is as cheap as possible.
HASH = "import crypt; print('pin:' + crypt.crypt('a secret', crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16)))"
HOSTS = """
all:
  vars: {{ansible_connection: community.docker.docker, ansible_become: false}}
  children:
    postgres: {{hosts: {{{0}: }}}}
    redis: {{hosts: {{{0}: }}}}
"""
SETTINGS = """
images_source: registry
postgres_memory_mb: 512
redis_memory_mb: 128
"""
TAGS = f"""# Ours.
images_postgres: {REGISTRY}/postgres:16
images_redis: {REGISTRY}/redis:7
"""
NAMES = ("postgres:16", "redis:7")
UNKNOWN = f"{REGISTRY}/postgres:16@sha256:{'0' * 64}"


class Image(NamedTuple):
    """An image of the registry: the engine's name for it, and its digest in the registry."""

    id: str
    digest: str


def push(host, name):
    """Push an image and return the digest that the registry gave it."""
    return host.out(f"docker push {REGISTRY}/{name} | sed -n 's/.* digest: \\(sha256:[0-9a-f]*\\) .*/\\1/p'")


def vary(host, image, name, change):
    """Push a variant of an image under another name, and return its digest."""
    host.run(f"docker create --name variant {image} && docker commit --change '{change}' variant {REGISTRY}/{name}")
    host.run("docker rm variant")
    return push(host, name)


@pytest.fixture(scope="module")
def registry(host):
    """Run a registry that wants a login, with both images in it; return {name: Image}."""
    host.run("DEBIAN_FRONTEND=noninteractive apt-get install -qq -y docker-registry")
    host.run(f"cat >/etc/docker/registry/config.yml <<'EOF'\n{CONFIG}\nEOF")
    host.run(f'python3 -c "{HASH}" >/etc/docker/registry/htpasswd && systemctl restart docker-registry')
    host.run(f"until echo 'a secret' | docker login --username pin --password-stdin {REGISTRY}; do sleep 0.2; done")
    images = {}
    for name in NAMES:
        host.run(f"docker tag jarvis-test/{name} {REGISTRY}/{name}")
        identity = host.out(f"docker image inspect --format '{{{{.Id}}}}' jarvis-test/{name}")
        images[name] = Image(identity, push(host, name))
    yield images
    for name, image in images.items():
        host.run(f"docker tag {image.id} jarvis-test/{name}")
    for form in ("{{.Repository}}:{{.Tag}}", "{{.Repository}}@{{.Digest}}"):
        names = host.out(f"docker image ls --digests --format '{form}'").split()
        gone = [name for name in names if name.startswith(REGISTRY) and "<none>" not in name]
        host.run(f"docker image rm --force {' '.join(gone)}")
    host.run("apt-get purge -qq -y docker-registry")
    host.run("rm -r /var/lib/docker-registry /etc/docker/registry /root/.docker")


@pytest.fixture(scope="module")
def folder(host, tmp_path_factory):
    """Return the folder of an inventory. The file into which pins are written names the images by tag."""
    folder = tmp_path_factory.mktemp("inventory")
    variables = folder / "group_vars" / "all"
    variables.mkdir(parents=True)
    (folder / "hosts.yml").write_text(HOSTS.format(host.name))
    (variables / "settings.yml").write_text(SETTINGS)
    (variables / "images.yml").write_text(TAGS)
    return folder


@pytest.fixture(scope="module")
def pin(play, folder):
    """Return a function that does what C(./jarvis images --pin) does."""

    def pin_images(*arguments, **variables):
        return play("playbooks/images.yml", *arguments, hosts=str(folder), images_pin=True, **variables)

    return pin_images


@pytest.fixture(scope="module")
def fetch(deploy, folder):
    """Return a function that deploys with the registry's images, but stops when they are fetched and checked."""
    return lambda **variables: deploy("--tags", "images", hosts=str(folder), **variables)


def test_images_are_pulled_by_tag(fetch, host, registry):
    host.run("docker rm -f jarvis-postgres jarvis-redis && docker image prune --all --force")
    assert host.out("docker image ls --quiet") == ""
    assert fetch().code == 0
    for name, image in registry.items():
        assert host.out(f"docker image inspect --format '{{{{.Id}}}}' {REGISTRY}/{name}") == image.id


def test_images_and_their_digests_are_shown(play, folder, registry):
    run = play("playbooks/images.yml", hosts=str(folder))
    assert run.code == 0
    for name, image in registry.items():
        server = name.partition(":")[0]
        shown = f"{server}: configured: {REGISTRY}/{name} digests: - {REGISTRY}/{server}@{image.digest} on_host: true"
        assert shown in run.text


def test_pins_are_previewed_then_written_then_left_alone(pin, folder, registry):
    images = folder / "group_vars" / "all" / "images.yml"
    pins = {
        "images_postgres": f"{REGISTRY}/postgres:16@{registry['postgres:16'].digest}",
        "images_redis": f"{REGISTRY}/redis:7@{registry['redis:7'].digest}",
    }
    run = pin("--check", "--diff")
    assert run.code == 0
    for variable, image in pins.items():
        assert f'+{variable}: "{image}"' in run.text
    assert images.read_text() == TAGS
    run = pin()
    assert (run.code, run.count("changed")) == (0, 1)
    assert images.read_text() == "# Ours.\n" + "".join(f'{name}: "{image}"\n' for name, image in pins.items())
    assert (folder / "group_vars" / "all" / "settings.yml").read_text() == SETTINGS
    run = pin()
    assert (run.code, run.count("changed")) == (0, 0)


def test_pinned_deployment_stays_when_the_tag_moves(pin, deploy, host, folder, registry):
    moved = vary(host, f"{REGISTRY}/postgres:16", "postgres:16", "LABEL moved=yes")
    assert moved != registry["postgres:16"].digest
    host.run(f"docker image ls --quiet {REGISTRY}/postgres | xargs docker image rm --force")
    assert deploy(hosts=str(folder)).code == 0
    running = host.out("docker inspect --format '{{.Image}}' jarvis-postgres jarvis-redis")
    assert running.split() == [registry["postgres:16"].id, registry["redis:7"].id]
    run = pin("--check", "--diff")
    assert f'+images_postgres: "{REGISTRY}/postgres:16@{moved}"' in run.text
    assert "+images_redis" not in run.text


def test_second_run_by_digest_or_by_another_name_of_the_image_changes_nothing(deploy, host, folder, registry):
    before = host.containers()
    host.run(f"docker tag {REGISTRY}/postgres@{registry['postgres:16'].digest} jarvis-test/postgres:16")
    run = deploy(hosts=str(folder), images_postgres="jarvis-test/postgres:16")
    assert (run.code, run.count("changed")) == (0, 0)
    assert host.containers() == before


@pytest.mark.parametrize("source", ["registry", "auto"])
def test_digest_that_the_registry_does_not_have_is_refused(fetch, host, source):
    before = host.containers()
    run = fetch(images_source=source, images_postgres=UNKNOWN)
    assert run.code == 2
    assert f"This host has no image {REGISTRY}/postgres@sha256:{'0' * 64} (images_postgres)" in run.text
    assert "manifest unknown" in run.text
    assert "./jarvis images --pin writes the one that the registry has now" in run.text
    assert host.containers() == before


def test_digest_of_another_major_is_refused_once_it_is_known(fetch, host):
    before = host.containers()
    digest = vary(host, "jarvis-test/postgres:16", "postgres:next", "ENV PG_MAJOR=17")
    host.run(f"docker image rm {REGISTRY}/postgres:next")
    run = fetch(images_postgres=f"{REGISTRY}/postgres@{digest}")
    assert run.code == 2
    assert f"images_postgres is {REGISTRY}/postgres@{digest} (PostgreSQL 17), but the data of this host" in run.text
    assert host.containers() == before


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"images_source": "archive"}, "images_source is archive, but only images from a registry can be pinned"),
        ({"images_postgres": f"{REGISTRY}/postgres:99"}, f"images_postgres is {REGISTRY}/postgres:99, and asking its"),
    ],
)
def test_what_has_no_digest_is_not_pinned(pin, folder, variables, message):
    before = (folder / "group_vars" / "all" / "images.yml").read_text()
    run = pin(**variables)
    assert run.code == 2
    assert f"Nothing was written. {message}" in run.text
    assert (folder / "group_vars" / "all" / "images.yml").read_text() == before


def test_file_that_would_hide_the_pins_is_named(pin, folder):
    other = folder / "group_vars" / "postgres.yml"
    other.write_text("images_postgres: postgres:16\n")
    run = pin()
    other.unlink()
    assert run.code == 2
    assert f"Nothing was written. {other} also sets images, and one file would hide the other." in run.text


def test_inventory_without_the_folder_is_refused(pin, folder):
    (folder / "group_vars" / "all").rename(folder / "group_vars" / "elsewhere")
    run = pin(images_source="registry")
    (folder / "group_vars" / "elsewhere").rename(folder / "group_vars" / "all")
    assert run.code == 2
    assert f"Nothing was written. There is no folder {folder}/group_vars/all. Make it, and move" in run.text
