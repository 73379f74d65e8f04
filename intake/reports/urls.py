from django.urls import path

from intake.reports import cut_views, request_views, views

app_name = "reports"
urlpatterns = [
    path("", views.index, name="index"),
    path("cuts/", cut_views.cut_list, name="cuts"),
    path("cuts/freeze/", cut_views.cut_freeze, name="cut-freeze"),
    path("cuts/<uuid:pk>/", cut_views.cut_detail, name="cut"),
    path("cuts/<uuid:pk>.csv", cut_views.cut_export, name="cut-csv"),
    path("cuts/<uuid:pk>/withdraw/", cut_views.cut_withdraw, name="cut-withdraw"),
    path("requests/", request_views.request_list, name="requests"),
    path("requests/<uuid:pk>/", request_views.request_detail, name="request"),
    path("<slug:slug>.csv", views.export, {"kind": "csv"}, name="csv"),
    path("<slug:slug>.hxl.csv", views.export, {"kind": "hxl.csv"}, name="hxl"),
    path("<slug:slug>.xlsx", views.export, {"kind": "xlsx"}, name="xlsx"),
    path("<slug:slug>/records/", views.records, name="records"),
    path("<slug:slug>/", views.page, name="page"),
]
