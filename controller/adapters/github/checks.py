"""A check run as GitHub takes it: cut to its limits, annotations in batches of fifty.

Follows GitHub docs "Create a check run": 50 annotations per call, 65,535 characters of summary and
of text (here also bytes), 255 of a title, 64 KB of a message. The external id and the conclusion go with the last
batch only, so a run whose writing was interrupted is neither green nor taken for finished. Of annotations
without end only the first ones are written, for each batch is a call, and the summary counts them all.
"""

from collections.abc import Mapping, Sequence

from controller.decision.check import Annotation, CheckRun

_BATCH = 50
_MOST_ANNOTATIONS = 500
_TITLE = 255
_TEXT = 65_535
_MESSAGE_BYTES = 64 * 1024
_MARK = "… (cut here: GitHub takes no more)"


def written_as(check: CheckRun) -> list[dict[str, object]]:
    """Return the bodies to send for `check`, in order: the first creates or takes over, the others update."""
    batches = _batches([_annotation(each) for each in check.annotations[:_MOST_ANNOTATIONS]])
    bodies = [_body(check, batch) for batch in batches]
    bodies[0] |= {"name": check.name, "head_sha": check.commit}
    bodies[-1]["external_id"] = check.external_id
    if check.conclusion is not None:
        bodies[-1] |= {"status": "completed", "conclusion": check.conclusion.value}
    return bodies


def cut(text: str, most: int) -> str:
    """Return `text` in at most `most` bytes of UTF-8, ending at a line's end with a mark where it was longer.

    GitHub counts characters in one place and bytes in another; no text has more characters than bytes.
    """
    if len(text.encode("utf-8", errors="surrogatepass")) <= most:
        return text
    kept = _beginning(text, most - len(_MARK.encode()))
    return kept[: kept.rfind("\n") + 1 or len(kept)] + _MARK


def _batches(annotations: Sequence[Mapping[str, object]]) -> list[Sequence[Mapping[str, object]]]:
    return [annotations[start : start + _BATCH] for start in range(0, max(len(annotations), 1), _BATCH)]


def _body(check: CheckRun, annotations: Sequence[Mapping[str, object]]) -> dict[str, object]:
    output: dict[str, object] = {
        "title": _line(check.title),
        "summary": cut(check.summary, _TEXT),
        "annotations": list(annotations),
    }
    if check.text:
        output["text"] = cut(check.text, _TEXT)
    buttons = [
        {"label": one.label, "description": one.description, "identifier": one.identifier} for one in check.buttons
    ]
    return {"status": "in_progress", "external_id": "", "output": output, "actions": buttons}


def _annotation(annotation: Annotation) -> dict[str, object]:
    return {
        "path": annotation.path,
        "start_line": annotation.line,
        "end_line": annotation.line,
        "annotation_level": annotation.level.value,
        "title": _line(annotation.title),
        "message": _within_bytes(annotation.message),
    }


def _line(title: str) -> str:
    return title if len(title) <= _TITLE else title[: _TITLE - 1] + "…"


def _within_bytes(message: str) -> str:
    if len(message.encode("utf-8", errors="surrogatepass")) <= _MESSAGE_BYTES:
        return message
    return _beginning(message, _MESSAGE_BYTES - len(_MARK.encode())) + _MARK


def _beginning(text: str, size: int) -> str:
    return text.encode("utf-8", errors="surrogatepass")[:size].decode("utf-8", errors="ignore")
