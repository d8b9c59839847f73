import os
from urllib.parse import parse_qsl, unquote, urlsplit

import django
from django.conf import settings

url = urlsplit(os.environ["DATABASE_URL"])
settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(url.path[1:]),
            "USER": url.username,
            "PASSWORD": unquote(url.password),
            "HOST": url.hostname,
            "PORT": url.port,
            "OPTIONS": dict(parse_qsl(url.query)),
        }
    },
    CACHES={
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": os.environ["REDIS_URL"]},
        "other": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": os.environ["REDIS_URL"]},
    },
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"],
    USE_TZ=True,
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.cache import caches  # noqa: E402
from django.core.management import call_command  # noqa: E402

call_command("migrate", verbosity=0)
User.objects.filter(username="ada").delete()
User.objects.create_user("ada")
assert User.objects.filter(username="ada").count() == 1
for name in ("default", "other"):
    caches[name].set_many({"a": 1, "b": 2}, timeout=60)
    assert caches[name].get_many(["a", "b"]) == {"a": 1, "b": 2}
    caches[name].delete_many(["a", "b"])
