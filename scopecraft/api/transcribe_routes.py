"""`/api/transcribe`: speech to text, which nothing here can do. Clients ask first, and are told so."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, UploadFile
from pydantic import BaseModel
from starlette.responses import Response

from scopecraft.api.answer import enveloped
from scopecraft.api.answer_models import Enveloped
from scopecraft.errors import BadInput, ToolMissing

router = APIRouter(tags=["transcribe"])


class Transcription(BaseModel):
    available: bool


class Transcribed(BaseModel):
    text: str


@router.get("/api/transcribe/status", response_model=Enveloped[Transcription])
def status() -> Response:
    """Whether speech can be made text."""
    return enveloped({"available": False})


@router.post("/api/transcribe", response_model=Enveloped[Transcribed])
def transcribe(audio: Annotated[UploadFile | None, File(description="a recording")] = None) -> Response:
    """Answers 503: no program for speech belongs to scopecraft. The form is read first, as clients expect."""
    if audio is None or not audio.size:
        raise BadInput("No audio file provided", "send it as multipart/form-data, in the field `audio`")
    raise ToolMissing("Transcription is not available", "say it in text: dictation of your system types anywhere")
