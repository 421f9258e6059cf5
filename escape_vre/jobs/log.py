"""A job on disk: an event log of JSON lines while it lives, one summary when it has ended.

Home directories are often NFS, so there is no database: one writer appends whole lines, a torn
last line is ignored, state changes are fsynced and progress is never written.

``<state>/jobs/<id>/log.jsonl``   the events of an unfinished job
``<state>/jobs/<id>/lease.<n>``   see :mod:`escape_vre.jobs.lease`
``<state>/jobs/<id>.json``        the summary of a finished job
``<state>/jobs/<id>.files``       its files, a line each
"""

import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from escape_vre.core import disk
from escape_vre.jobs.models import FINISHED, Job, JobFile, JobRequest


@dataclass(frozen=True, slots=True)
class Stored:
    """The data of one job on disk."""

    request: JobRequest
    job: Job
    files: Iterable[JobFile] = ()


class JobLog:
    """The folder of all jobs of one state directory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def home(self, job_id: str) -> Path:
        """Return the folder of an unfinished job."""
        return self.folder / job_id

    def append(self, job: Job, *, request: JobRequest | None = None) -> None:
        """Append the job's present state, and on its first line the request; fsynced."""
        home = self.home(job.id)
        home.mkdir(mode=0o700, exist_ok=True)
        event: dict[str, Any] = {"job": job.model_dump(mode="json")}
        if request is not None:
            event["request"] = request.model_dump(mode="json")
        line = json.dumps(event, separators=(",", ":")).encode() + b"\n"
        descriptor = os.open(
            home / "log.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        try:
            os.write(descriptor, line)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if request is not None:
            disk.sync_folder(home)
            disk.sync_folder(self.folder)

    def finish(self, stored: Stored) -> None:
        """Write the summary of an ended job, then drop its log and leases."""
        final = self.folder / f"{stored.job.id}.json"
        body = {
            "request": stored.request.model_dump(mode="json"),
            "job": stored.job.model_dump(mode="json"),
        }
        self._write(self._files(stored.job.id), map(_row, stored.files))
        self._write(final, [body])
        disk.sync_folder(self.folder)
        shutil.rmtree(self.home(stored.job.id), ignore_errors=True)

    def _write(self, final: Path, lines: Iterable[object]) -> None:
        """Write JSON lines wholly and durably, one at a time: there may be millions."""
        part = final.with_suffix(f".{os.getpid()}.tmp")
        with part.open("w") as file:
            for line in lines:
                file.write(json.dumps(line, separators=(",", ":")) + "\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(final)

    def _files(self, job_id: str) -> Path:
        return self.folder / f"{job_id}.files"

    def forget(self, job_id: str) -> None:
        """Remove a finished job."""
        (self.folder / f"{job_id}.json").unlink(missing_ok=True)
        self._files(job_id).unlink(missing_ok=True)

    def unfinished(self) -> list[str]:
        """Return the ids of the jobs that have a log."""
        return [path.parent.name for path in self.folder.glob("*/log.jsonl")]

    def read(self, job_id: str) -> Stored | None:
        """Return the last state of an unfinished job; None if its log has no complete line."""
        try:
            lines = (self.home(job_id) / "log.jsonl").read_bytes().splitlines()
        except OSError:
            return None
        request: JobRequest | None = None
        job: Job | None = None
        for line in lines:
            try:
                event = json.loads(line)
                if "request" in event:
                    request = JobRequest.model_validate(event["request"])
                job = Job.model_validate(event["job"])
            except (ValueError, KeyError):
                continue  # torn by a crash: what was before it stands
        return Stored(request, job) if request and job else None

    def summaries(self, *, keep_days: float) -> dict[str, Stored]:
        """Return the finished jobs, without their files; those older than kept are removed."""
        oldest = time.time() - keep_days * 86400
        found: dict[str, Stored] = {}
        for path in self.folder.glob("*.json"):
            try:
                if path.stat().st_mtime < oldest:
                    self.forget(path.stem)
                    continue
                body = json.loads(path.read_bytes())
                stored = Stored(
                    JobRequest.model_validate(body["request"]), Job.model_validate(body["job"])
                )
            except (OSError, ValueError, KeyError, ValidationError):
                continue
            if stored.job.state in FINISHED:
                found[stored.job.id] = stored
        return found

    def files(self, job_id: str) -> Iterator[JobFile]:
        """Yield the files of a finished job; none when it is not there."""
        try:
            with self._files(job_id).open("rb") as lines:
                for line in lines:
                    ref, path, size, state, *more = json.loads(line)
                    yield JobFile(
                        ref=ref,
                        path=path,
                        bytes=size,
                        state=state,
                        problem=more[0] if more else None,
                    )
        except (OSError, ValueError):
            return


def _row(file: JobFile) -> list[object]:
    """Return a file as a summary holds it: its problem last, if it has one."""
    row: list[object] = [file.ref, file.path, file.bytes, file.state]
    return [*row, file.problem.model_dump()] if file.problem else row
