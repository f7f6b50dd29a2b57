"""Where sessions run: containers and tmux windows. The only homes of docker and libtmux."""
