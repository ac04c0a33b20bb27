#!/usr/bin/env bash
# Run inside `unshare -rn`: a network of its own, with one interface, which the renderer needs (it refuses lo).
set -euo pipefail
ip link set lo up
ip link add spk0 type veth peer name spk1
ip addr add 10.99.0.1/24 dev spk0
ip link set spk0 up multicast on
ip link set spk1 up
ip route add 239.0.0.0/8 dev spk0
exec "$@"
