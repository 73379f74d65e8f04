"""A few notes of advisers and health workers, where this server has the keys for them; sealed as real ones are."""

from collections.abc import Iterable
from datetime import timedelta
from random import Random

from django.conf import settings
from pyrage import x25519

from intake.demo.guests import identity
from intake.models import Note, NoteKey, NoteKind, ServiceReceived

MOST = 40  # of each side
WORDS = {
    NoteKind.LEGAL: (
        "Quiere pedir asilo. Le expliqué los pasos y el plazo de 30 días hábiles.\nFalta: cita en la COMAR.",
        "Pregunta por el retorno asistido. Se lo piensa hasta mañana; no insistir.",
        "Perdió sus papeles en el río. Escribimos juntos lo que recuerda; vuelve el jueves.",
        "Teme a alguien que viaja en la caravana. No decir en qué carpa duerme.",
    ),
    NoteKind.HEALTH: (
        "Ampollas infectadas en los dos pies. Curación hoy y pasado mañana; sin caminar largo.",
        "Tos de una semana, sin fiebre. Volver si le falta el aire.",
        "Toma medicina para la presión y le queda para tres días. Pedir más a la farmacia.",
        "No duerme desde el cruce. Escucha; acepta hablar con psicología.",
    ),
}
SERVICES = {NoteKind.LEGAL: ("LEG-",), NoteKind.HEALTH: ("MED-", "PSS-")}


def notes(rng: Random, services: Iterable[ServiceReceived]) -> dict[type, list]:
    """Written minutes after a legal or health service, by whoever recorded it. One or two for each person."""
    keys, written = {}, []
    for kind, beginnings in SERVICES.items():
        if not settings.NOTE_KEYS[kind]:
            continue
        after = [
            row
            for row in services
            if row.service_type_id.startswith(beginnings) and not row.person.family.is_count_only
        ]
        for service in rng.sample(after, min(MOST, len(after))):
            whose = service.person_id, kind
            if whose not in keys:
                keys[whose] = new_key(rng, service, kind)
            written.append(note_after(rng, service, keys[whose]))
    return {NoteKey: list(keys.values()), Note: written}


def new_key(rng, service, kind) -> NoteKey:
    key = NoteKey(id=identity(rng, service.given_at), person=service.person, kind=kind)
    key.lock(x25519.Identity.generate())
    return key


def note_after(rng, service, key) -> Note:
    at = service.given_at + timedelta(minutes=rng.randint(2, 9))
    note = Note(id=identity(rng, at), key=key, written_by=service.recorded_by, written_at=at)
    note.lock(rng.choice(WORDS[NoteKind(key.kind)]))
    return note
