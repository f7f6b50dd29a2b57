"""The tmux session that each viewer of a window has: marked as such, and ended when nobody is in it any more. Pure.

`destroy-unattached` would end it as well. But while that is on, tmux 3.3a crashes, and every agent's window with it, if
any other command ends between the moment a viewer is told to go, or is suspended, and the moment it has gone.
"""

from __future__ import annotations

from itertools import chain

MARK = "@scopecraft_viewer"  # names could be a person's
# Who was told to go, or is suspended, is still in it.
_IS_EMPTY = "#{==:#{session_attached_list},}"
# The last session of a group holds the agents' windows: it stays.
_IS_LEFT = f"#{{&&:#{{{MARK}}},#{{&&:{_IS_EMPTY},#{{!=:#{{session_group_size}},1}}}}}}"
_KILLS = f"#{{S:#{{?{_IS_LEFT},kill-session -t #{{q:session_id}} ; ,}}}}"
_WATCHERS = f"#{{S:#{{?#{{&&:#{{{MARK}}},#{{!=:{_IS_EMPTY},1}}}},1,}}}}"
# Of the whole server: tmux 3.3a forgets which session a client was in before it runs the hooks of that one. The index
# leaves alone what a person has there.
_HOOKS = ("client-detached[7117]", "client-session-changed[7117]")
_UNHOOK = " ; ".join(f"set-hook -gu {hook}" for hook in _HOOKS)
# In the background, since while a hook waits tmux runs no others: of those who leave together all but one are missed.
_LEAVING = f'run-shell -b -C "{_KILLS}" ; if-shell -F "#{{==:{_WATCHERS},}}" "{_UNHOOK}"'

# Words of commands, for before a viewer's session is made: end what is left of others, and listen for all who leave,
# until the last viewer has gone.
SWEEP = ("run-shell", "-C", _KILLS)
WATCH = tuple(chain.from_iterable(("set-hook", "-g", hook, _LEAVING, ";") for hook in _HOOKS))[:-1]
# To be set in one go with making the session. A person's server may have `destroy-unattached` on.
OPTIONS = {"destroy-unattached": "off", MARK: "1"}
