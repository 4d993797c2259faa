#!/bin/sh
# upload-by-curl.sh DIRECTORY BEFORE HOST: uploads the blobs of a layout that are newer than the file BEFORE, all at once:
# what the registry itself takes to read, hash and keep them.
upload() {
  location=$(curl -sS -X POST -D - -o /dev/null "http://$2/v2/bench/floor/blobs/uploads/" | tr -d '\r' |
    sed -n 's/^[Ll]ocation: //p')
  curl -sS -f -X PUT -T "$1" -o /dev/null "$location&digest=sha256:${1##*/}"
}
for blob in $(find "$1" -type f -newer "$2"); do
  upload "$blob" "$3" &
  jobs="$jobs $!"
done
for job in $jobs; do wait "$job" || exit 1; done
