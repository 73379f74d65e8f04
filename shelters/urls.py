"""Every address of Puente. Pages stand under /es/ and /en/; what machines ask for stands outside."""

from allauth.account import views as account
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

from intake.views import offline
from shelters import account_views, views

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("whoami", views.whoami, name="whoami"),
    path("worker.js", offline.worker, name="worker"),
    path("offline/records", offline.send, name="send"),
    *i18n_patterns(
        path("account/login/", account.login, name="account_login"),
        path("account/logout/", account.logout, name="account_logout"),
        path("account/change-user/", views.change_user, name="change_user"),
        path("account/password/", account.password_change, name="account_change_password"),
        path("account/code/", account_views.code, name="mfa_authenticate"),
        path("account/second-factor/", account_views.index, name="mfa_index"),
        path("account/second-factor/set-up/", account_views.set_up, name="mfa_activate_totp"),
        path("account/second-factor/<int:pk>/take-off/", account_views.take_off, name="factor-take-off"),
        path("account/first/<str:token>/", views.first_administrator, name="first_administrator"),
        path("account/sessions/", account_views.sessions, name="sessions"),
        path("shift/", views.shift, name="shift"),
        path("admin/reports/", include("intake.reports.urls")),
        path("admin/", admin.site.urls),
        path("", include("intake.urls")),
    ),
]

handler400 = "shelters.outage.refused"
handler500 = "shelters.outage.broken"
