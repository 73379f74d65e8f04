from django.urls import include, path

from intake.views import desk, family, handbook, look_alikes, places, register, services

family_pages = (
    [
        path("search/", desk.find, name="search"),
        path("places.json", places.place_list, name="places"),
        path("families/register/", register.register, name="register"),
        path("families/look-alikes/", look_alikes.look_alikes, name="look-alikes"),
        path("look-alikes/<uuid:pk>/not-the-same/", look_alikes.not_the_same, name="look-alike-dismiss"),
        path("families/<uuid:pk>/", family.detail, name="family"),
        path("families/<uuid:pk>/undo/", register.undo, name="family-undo"),
        path("families/<uuid:pk>/edit/", family.edit, name="family-edit"),
        path("families/<uuid:pk>/add/", family.add, name="person-add"),
        path("families/<uuid:pk>/split/", family.split, name="family-split"),
        path("families/<uuid:pk>/departure/", family.departure, name="departure"),
        path("families/<uuid:pk>/return/", family.come_back, name="come-back"),
        path("families/<uuid:pk>/service/", services.add, name="service-add"),
        path("people/<uuid:pk>/", family.person, name="person-edit"),
        path("people/<uuid:pk>/plan/", family.plan, name="intention-add"),
        path("people/<uuid:pk>/need/", family.need, name="need-add"),
        path("services/<uuid:pk>/cancel/", services.cancel, name="service-cancel"),
    ],
    "intake",
)

urlpatterns = [
    path("", desk.home, name="home"),
    path("handbook/", handbook.handbook, name="handbook"),
    path("", include(family_pages, namespace="intake")),
]
