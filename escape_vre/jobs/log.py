"""A job on disk: an event log of JSON lines while it lives, one summary when it has ended.

Home directories are often NFS, so there is no database: one writer appends whole lines, a torn
last line is ignored, state changes are fsynced and progress is never written. Everything here
waits for the disk: see :mod:`escape_vre.jobs.journal` for the event loop's side.

``<state>/jobs/<id>/log.jsonl``   the events of an unfinished job
``<state>/jobs/<id>/lease.<n>``   see :mod:`escape_vre.jobs.lease`
``<state>/jobs/<id>.json``        the summary of a finished job
``<state>/jobs/<id>.files``       its files, a line each
"""

import errno
import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from escape_vre.core import disk
from escape_vre.jobs.models import FINISHED, Job, JobFile


@dataclass(frozen=True, slots=True)
class Stored:
    """The data of one job on disk.

    Parameters
    ----------
    request : mapping
        As its kind's model has written it, which may not be installed now.
    checkpoints : tuple of mapping
        What its kind has written down, oldest first.
    keys : frozenset of str
        The idempotency keys of the requests that it answers.
    cancelled : bool
        Whether it was to be cancelled when its agent was killed.
    """

    request: Mapping[str, Any]
    job: Job
    files: Iterable[JobFile] = ()
    checkpoints: tuple[Mapping[str, Any], ...] = ()
    keys: frozenset[str] = field(default_factory=frozenset)
    cancelled: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return it, without its files and marks, as one line holds it."""
        return {
            "request": dict(self.request),
            "job": self.job.model_dump(mode="json"),
            "checkpoints": list(self.checkpoints),
            "keys": sorted(self.keys),
        }

    @classmethod
    def from_json(cls, line: Mapping[str, Any]) -> "Stored":
        """Read what :meth:`as_json` gave; raises ValueError or KeyError where it is not that."""
        return cls(
            request=dict(line["request"]),
            job=Job.model_validate(line["job"]),
            checkpoints=tuple(line["checkpoints"]),
            keys=frozenset(line["keys"]),
        )

    def after(self, event: Mapping[str, Any]) -> "Stored":
        """Return it as a later event left it."""
        if "job" in event:
            return replace(self, job=Job.model_validate(event["job"]))
        if "checkpoint" in event:
            return replace(self, checkpoints=(*self.checkpoints, event["checkpoint"]))
        if "key" in event:
            return replace(self, keys=self.keys | {event["key"]})
        return replace(self, cancelled=event.get("cancelled", self.cancelled))


class JobLog:
    """The folder of all jobs of one state directory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def home(self, job_id: str) -> Path:
        """Return the folder of an unfinished job."""
        return self.folder / job_id

    def begin(self, stored: Stored) -> None:
        """Begin the log of a job, in the folder that holds its lease already; fsynced."""
        self.append(stored.job.id, stored.as_json())
        disk.sync_folder(self.home(stored.job.id))
        disk.sync_folder(self.folder)

    def append(self, job_id: str, event: Mapping[str, Any]) -> None:
        """Append an event: ``job``, ``checkpoint``, ``key`` or ``cancelled``; fsynced."""
        line = json.dumps(event, separators=(",", ":")).encode() + b"\n"
        descriptor = os.open(
            self.home(job_id) / "log.jsonl",
            os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC,
            0o600,
        )
        try:
            before = os.fstat(descriptor).st_size
            if os.write(descriptor, line) != len(line):
                os.ftruncate(descriptor, before)  # or the next event would be torn too
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def finish(self, stored: Stored) -> None:
        """Write the summary of an ended job, then drop its log and leases."""
        final = self.folder / f"{stored.job.id}.json"
        self._write(self._files(stored.job.id), map(_row, stored.files))
        self._write(final, [stored.as_json()])
        disk.sync_folder(self.folder)
        shutil.rmtree(self.home(stored.job.id), ignore_errors=True)

    def drop(self, job_id: str) -> None:
        """Remove the folder of a job that never began."""
        shutil.rmtree(self.home(job_id), ignore_errors=True)

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
        stored: Stored | None = None
        for line in lines:
            try:
                event = json.loads(line)
                stored = Stored.from_json(event) if "request" in event else _after(stored, event)
            except (ValueError, KeyError, TypeError):
                continue  # torn by a crash: what was before it stands
        return stored

    def summaries(self, *, keep_days: float) -> dict[str, Stored]:
        """Return the finished jobs, without their files; those older than kept are removed."""
        oldest = time.time() - keep_days * 86400
        found: dict[str, Stored] = {}
        for path in self.folder.glob("*.json"):
            try:
                if path.stat().st_mtime < oldest:
                    self.forget(path.stem)
                    continue
                stored = Stored.from_json(json.loads(path.read_bytes()))
            except (OSError, ValueError, KeyError, TypeError, ValidationError):
                continue
            if stored.job.state in FINISHED:
                found[stored.job.id] = stored
        return found

    def tidy(self, *, keep_days: float) -> None:
        """Remove folders of jobs that never began or cannot be read, once they are old."""
        oldest = time.time() - keep_days * 86400
        for home in self.folder.iterdir():
            try:
                if home.is_dir() and home.stat().st_mtime < oldest and not self.read(home.name):
                    shutil.rmtree(home)
            except OSError:
                continue

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


def _after(stored: Stored | None, event: Mapping[str, Any]) -> Stored | None:
    return stored.after(event) if stored else None
