from django.urls import path

from intake.reports import views

app_name = "reports"
urlpatterns = [
    path("", views.index, name="index"),
    path("<slug:slug>.csv", views.csv, name="csv"),
    path("<slug:slug>/", views.page, name="page"),
]
