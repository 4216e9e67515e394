"""Where a warm parent begins: go into the house, if one is to be built, then import everything there."""

import contextlib
import json
import os
import socket
import sys

from vgcourse.grading.jail.inside import house, linux
from vgcourse.grading.jail.inside.channel import FAILED, STARTED, Channel, ChannelError


def main(address):
    """Be a warm parent.

    Parameters
    ----------
    address : the number of a connected socket to the worker, or the path of one to connect to
    """
    sys.dont_write_bytecode = True
    if address.isdigit():
        stream = socket.socket(fileno=int(address))
    else:
        stream = socket.socket(socket.AF_UNIX)
        stream.connect(address)
    control = Channel(stream)
    plan = json.loads(control.receive()[1])
    try:
        _settle(plan)
        from vgcourse.grading.jail.inside.template import Template  # the one in the house

        template = Template(control, plan["rooms"], plan["walls"])
    except Exception as error:
        control.send(FAILED, f"{type(error).__name__}: {error}".encode())
        return
    control.send(STARTED)
    with contextlib.suppress(ChannelError):  # the worker is gone: this ends, too
        template.serve()


def _settle(plan):
    if plan["house"]:
        house.enter(**plan["house"])
    elif plan["walls"] and os.getuid() == 0:  # others have built the walls
        house.become_nobody()
    if sys.platform == "linux" and not plan["house"]:
        linux.adopt_orphans()
    sys.path[:] = plan["path"]
    house.forget_modules()
