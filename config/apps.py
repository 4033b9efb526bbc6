"""Django's admin as an application, with our site in it."""

from django.contrib.admin.apps import AdminConfig


class OurAdmin(AdminConfig):
    """In the place of `django.contrib.admin`."""

    default_site = "config.admin_site.Site"
