"""What a driver is told and what it answers, in the words of the library that it calls."""

from __future__ import annotations

import os

NULL = "-1"  # a proactor's number where there is none

# command -> what the driver does then; {0}, {1}: its words
_PROACTOR = {
    "create": "proactor_create({0})", "run": "proactor_thread(proactor {0}) in a thread",
    "destroy": "proactor_destroy(proactor {0})", "join": "pthread_join(the thread of proactor {0})",
    "callbacks": "proactor_set_callbacks()", "send": 'proactor_send(client {0}, "{1}")',
    "broadcast": 'proactor_broadcast(all but client {0}, "{1}")',
    "lives": "create, run, serve and destroy, {0} times"}
_HANDLER = {
    "new": "createProactor()", "run": "runProactor() in a thread",
    "cancel": "cancelProactor()", "destroy": "destroyProactor()",
    "destroyaside": "destroyProactor() in a thread",
    "add": "addFD2Proactor(descriptor {0}, a handler that {1})",
    "addother": "addFD2Proactor(descriptor {0}, another handler, which {1})",
    "remove": "removeHandler(descriptor {0})", "addfd": "addFD2Proactor({0})",
    "removefd": "removeHandler({0})"}
_KINDS = {"read": "reads", "sip": "reads one byte", "hold": "waits for the grader, then reads",
          "leave": "removes itself",
          "accept": "accepts", "cancel": "reads, then cancels",
          "swap": "removes itself, adds itself again and reads",
          "next": "reads, then adds the next descriptor"}
_DEEDS = {
    "pair": "the grader makes a pair of connected sockets",
    "listen": "the grader makes a listening socket",
    "write": 'the grader writes "{1}" to the other end of descriptor {0}',
    "interrupt": "the grader lets a signal handler run on the thread of proactor {0}",
    "end": "the grader ends the other end of descriptor {0}",
    "renew": "the grader closes descriptor {0} and opens another",
    "open": "the grader looks whether descriptor {0} is still open",
    "release": "the grader lets the handler of descriptor {0} go on",
    "releaseother": "the grader lets the other handler of descriptor {0} go on"}


# answer -> the kind of event, and what it says; a kind of "" is not worth an event
_ANSWERS = {
    "created": ("returns", "proactor {0}, on port {1}"), "joined": ("returns", "{1}"),
    "made": ("returns", "{0}"), "cancelled": ("returns", "{0}"), "destroyed": ("returns", "{_}"),
    "given": ("returns", "{0}"), "sent": ("returns", "{0}"), "told": ("returns", "{0}"),
    "added": ("returns", "{1}"), "removed": ("returns", "{1}"),
    "ran": ("note", "runProactor() returns {0}"), "paired": ("note", "it is descriptor {0}"),
    "lived": ("note", "{0} lives done; bytes of heap in use: {1}; failed step: {2}"),
    "start": ("note", "the {2} handler of descriptor {0} starts, on thread {1}"),
    "done": ("note", 'the handler of descriptor {0} is done; it has read "{1}"'),
    "open": ("note", "descriptor {0} is open: {1}"),
    "renewed": ("note", "descriptor {0} has now the {1} number"),
    "running": ("", ""), "destroying": ("", ""), "wrote": ("", ""), "ended": ("", ""),
    "released": ("", ""), "interrupted": ("", "")}
_ERRNO = {"created": 2, "added": 2, "removed": 2}  # which word is errno, where the call has failed


def told(command: str) -> tuple[str, str]:
    """The kind of event, and its text."""
    verb, *words = command.split()
    if verb == "destroy" and words == [NULL]:
        return "calls", "proactor_destroy(NULL)"
    if verb in ("add", "addother") and len(words) == 2:
        words[1] = _KINDS.get(words[1], words[1])
    calls = _PROACTOR if verb in _PROACTOR and words else _HANDLER
    try:
        return ("calls", calls[verb].format(*words)) if verb in calls else (
            "note", _DEEDS[verb].format(*words))
    except (KeyError, IndexError):
        return "note", f"the driver is told: {command}"


def answered(line: str) -> tuple[str, str]:
    """The kind of event, "" for none, and its text. What no driver says is shown as it came."""
    verb, *words = line.split() or [""]
    try:
        kind, sentence = _ANSWERS[verb]
        failed = verb in _ERRNO and words[_ERRNO[verb]] not in ("", "0")
        said = "NULL" if failed and words[0] == NULL else sentence.format(*words, _="").strip()
        return kind, said + (f", errno: {_reason(words[_ERRNO[verb]])}" if failed else "")
    except (KeyError, IndexError):
        return "note", f"the driver answers: {line[:100]}"


def _reason(number: str) -> str:
    return os.strerror(int(number)) if number.isdecimal() and len(number) < 6 else number
