#!/bin/busybox sh
# First and only program of the test guest. It keeps a ledger on its first disk, as the lab guest does:
#
#   record   4 KiB, eight sectors with the same line "DLR1 SEQUENCE EPOCH_MS CHECK", so that a torn write shows;
#            flushed before it is acknowledged to the outside
#   place    slot SEQUENCE * 40503 modulo the slots (a power of two): all over the ledger, none twice in a round
#   boot     reads the whole ledger: no gap behind the highest record, and the highest not below what was acknowledged
#
# Kernel command line: dl.ack (highest acknowledged record), dl.slots, dl.records (a second), dl.random (4 KiB writes
# a second outside the ledger, on every disk) within dl.window blocks, which on the first disk follow the ledger.
# Reports are lines of JSON on the virtio-serial port dl.report; the port org.qemu.guest_agent.0 speaks the
# guest agent's protocol as far as sync, ping, get-time and shutdown.
export PATH=/bin
/bin/busybox mount -t devtmpfs none /dev
/bin/busybox --install -s /bin
mount -t proc none /proc
mount -t sysfs none /sys
for module in $(cat /modules/order); do
  insmod /modules/$module.ko
done

ack=0 slots=512 records=25 random=0 window=256
for word in $(cat /proc/cmdline); do
  case $word in
    dl.ack=*) ack=${word#*=} ;;
    dl.slots=*) slots=${word#*=} ;;
    dl.records=*) records=${word#*=} ;;
    dl.random=*) random=${word#*=} ;;
    dl.window=*) window=${word#*=} ;;
  esac
done

report=/dev/null agent=
for port in /sys/class/virtio-ports/*; do
  case $(cat $port/name) in
    dl.report) report=/dev/${port##*/} ;;
    org.qemu.guest_agent.0) agent=/dev/${port##*/} ;;
  esac
done
exec 3>$report

health=CHECKING detail=null boot=null first=null last=null sequence=0
say() { echo "{\"health\":\"$health\",\"healthDetail\":$detail,\"sequenceAtBoot\":$boot,\"acknowledgedSequence\":$sequence,\"firstWriteAtMs\":$first,\"lastWriteAtMs\":$last}" >&3; }
now() { now=${EPOCHREALTIME%.*}${EPOCHREALTIME#*.}; now=${now%???}; }
broken() { health=BROKEN detail="\"$1\""; say; }

# The guest agent's protocol, as far as it is needed; a closed host side reads as the end of the file.
answer() {
  exec 4<>$agent
  while :; do
    while read -r line <&4; do
      case $line in
        *guest-shutdown*) : >/stop; return ;;
        *guest-get-time*) now; echo "{\"return\":${now}000000}" >&4 ;;
        *guest-sync*) id=${line##*\"id\":}; echo "{\"return\":${id%%[!0-9]*}}" >&4 ;;
        *guest-ping*) echo '{"return":{}}' >&4 ;;
        *) echo '{"error":{"class":"CommandNotFound","desc":"unknown"}}' >&4 ;;
      esac
    done
    sleep 0.1
  done
}
[ -n "$agent" ] && answer &

# CHECK mixes sequence and time; small enough for awk's and the shell's numbers.
check() {
  dd if=/dev/vda bs=64k count=$((slots / 16)) 2>/dev/null | tr -d '\0' | awk -v slots=$slots -v ack=$ack '
    $1 == "DLR1" && NF == 4 && $4 == ($2 * 48271 + $3 % 1000003 * 69621) % 2147483647 { lines[$2]++; if ($2 > highest) highest = $2 }
    END {
      from = highest - slots + 2; if (from < 1) from = 1
      for (s = from; s <= highest; s++) if (lines[s] != 8) {
        # The highest may be torn: the one that was being written, which nobody was told of.
        if (s == highest && s > ack) { highest--; break }
        print "Ledger record " s " is missing or torn; the highest is " highest "."; exit
      }
      if (highest < ack) print "Record " ack " was acknowledged; the ledger ends at " highest "."
      else print "ok " highest + 0
    }'
}
say
found=$(check)
case $found in
  ok\ *) boot=${found#ok } sequence=$boot health=HEALTHY; say ;;
  *) broken "${found:-The disk cannot be read.}" ;;
esac

scribble() {
  dd if=/dev/urandom of=/pool bs=4096 count=64 2>/dev/null
  seed=$(hexdump -n 4 -e '"%u"' /dev/urandom)
  while [ ! -e /stop ]; do
    for disk in /dev/vd?; do
      skip=0; [ $disk = /dev/vda ] && skip=$slots
      i=0
      while [ $i -lt $random ]; do
        seed=$(((seed * 1103515245 + 12345) % 2147483648)) i=$((i + 1))
        dd if=/pool of=$disk bs=4096 count=1 skip=$((seed / 65536 % 64)) seek=$((skip + seed % window)) conv=notrunc oflag=direct 2>/dev/null || { : >/failed; return; }
        [ -e /stop ] && return
        [ $((i % 10)) = 0 ] && sleep 0.05
      done
    done
  done
}
scribbler=
if [ $health = HEALTHY ] && [ $random -gt 0 ]; then scribble & scribbler=$!; fi

said=0
period=$((1000 / records))
while [ ! -e /stop ]; do
  now
  if [ $health != HEALTHY ]; then sleep 0.1; continue; fi
  started=$now next=$((sequence + 1))
  line="DLR1 $next $now $(((next * 48271 + now % 1000003 * 69621) % 2147483647))"
  block=$(printf '%-511s\n' "$line" "$line" "$line" "$line" "$line" "$line" "$line" "$line")
  if dd of=/dev/vda bs=4096 count=1 iflag=fullblock seek=$((next * 40503 % slots)) conv=notrunc,fsync 2>/dev/null <<EOF
$block
EOF
  then
    now
    sequence=$next last=$now
    [ $first = null ] && first=$now
  else broken "Record $next could not be written: the disk reported an error."
  fi
  [ -e /failed ] && broken 'A write outside of the ledger failed: the disk reported an error.'
  # A few times a second is enough, and keeps what the host must hold small.
  if [ $((now - said)) -ge 200 ]; then said=$now; say; fi
  spare=$((period - now + started))
  [ $spare -gt 5 ] && usleep $((spare * 1000))
done
[ -n "$scribbler" ] && wait $scribbler
sync
say
poweroff -f
