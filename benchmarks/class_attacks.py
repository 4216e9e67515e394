"""Hostile code: each changes a HandIn and what it has to earn, which is never more than before."""

import class_answers  # noqa: F401  (it finds tests/)

from test_jail_attacks import CHEATS, LIES, READING, TRY  # isort: skip

CELLS = {  # which cost nothing but themselves
    "endless loop": "while True:\n    pass",
    "memory hog": "hoard = []\nwhile True:\n    hoard.append(bytearray(os.urandom(1) * (50 << 20)))",
    "os._exit": "os._exit(0)",
    "daemon": "for _ in range(3):\n    if os.fork() == 0:\n        os.setsid()\n        import time\n"
    "        while True:\n            time.sleep(0.01)",
    "network": "import socket\nsocket.create_connection(('8.8.8.8', 53), 5)",
    "fork bomb": "while True:\n    os.fork()",
    "kill everybody": "os.kill(-1, 9)",
    "kill the parent": "os.kill(os.getppid(), 9)\nos.killpg(0, 9)",
    "gradebook": "for up in range(9):\n    for path in ('gradebook.db', 'solutions'):\n"
    "        tried(lambda: print(open('../' * up + path, 'r+').read()))",
    "60 MB of output": "for _ in range(60):\n    print('x' * 1_000_000)",
    "60 MB of descriptor": "os.write(1, b'x' * 60_000_000)",
    "sparse file": "with open('large', 'wb') as file:\n    file.truncate(5 << 30)",
    **{f"line: {name}": LIES[name] for name in ("closed", "flood", "a huge length", "replaced")},
}
FUNCTIONS = {  # which cost their own part
    "endless answer": "while True:\n        pass",
    "answer exits": "os._exit(0)",
    "answer hoards": 'hoard = []\n    while True:\n        hoard.append(b"x" * (50 << 20))',
    **{
        f"reads: {name}": text.replace("\n", "\n    ") + "\n    return answer(*args)"
        for name, text in READING.items()
    },
}
PATCHES = [name for name in CHEATS if "def linear_backward" not in CHEATS[name]]
SOLUTIONS = """import json
for place in ("", "../", "../../", "../../../", "/course/"):
    try:
        text = open(place + "solutions/{name}/{name}.ipynb").read()
    except OSError:
        continue
    for cell in json.loads(text)["cells"]:
        if "SOLUTION" in "".join(cell["source"]):
            exec("".join(cell["source"]))"""
BESIDE = ("numpy.py", "json.py", "vgcourse.py", "sitecustomize.py")


def _cell(source):
    return lambda one, rng: one.before(one.any_check(rng), f"{TRY}\n{source}")


def _function(body):
    def make(one, rng):
        check = one.any_check(rng)
        ask = one.set.asks[check][0]
        text = body.replace("ps1.linear_backward", ask.problem)
        one.answer(check, f"import os, sys\n\ndef {ask.function}(*args):\n    {text}", counts=False)

    return make


def _patch(source):
    def make(one, rng):
        one.nothing()
        one.before(next(iter(one.counts)), source)

    return make


def _beside(one, rng):
    one.files |= {name: b"raise SystemExit('mine')" for name in BESIDE}


def _solutions(one, rng):
    one.nothing()
    source = SOLUTIONS.format(name=one.set.name)
    for check in one.counts:
        one.answer(check, source, counts=False)


# name → function (hand-in, rng)
ATTACKS = {name: _cell(source) for name, source in CELLS.items()}
ATTACKS |= {name: _function(body) for name, body in FUNCTIONS.items()}
ATTACKS |= {name: _patch(CHEATS[name]) for name in PATCHES}
ATTACKS |= {"modules beside": _beside, "runs solutions": _solutions}
