"""What runs inside: the walls, the warm parent that forks, the child that runs a student's cells.

A copy of this room, of `collect` and of what a set uses is all of vgcourse that exists in a jail.
"""
