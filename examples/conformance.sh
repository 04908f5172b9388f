#!/bin/sh
# What an administrator does in `nicelist lab conformance`, for a nicelist server. One script for
# all hooks; the server is where NICELIST_SERVER and NICELIST_TOKEN say:
#
#   nicelist lab conformance URL --hook add-rule='sh examples/conformance.sh add-rule' …
set -eu

scope="host:$NICELIST_MACHINE"
if [ -n "${NICELIST_TAG:-}" ]; then
    scope="tag:$NICELIST_TAG"
fi

case "$1" in
add-rule)
    nicelist rule add "$NICELIST_POLICY" "$NICELIST_TARGET" --scope "$scope" \
        ${NICELIST_CEL:+--cel "$NICELIST_CEL"}
    ;;
remove-rule) nicelist rule remove "$NICELIST_TARGET" --scope "$scope" ;;
tag-host)
    nicelist tag create "$NICELIST_TAG"
    nicelist host tag "$NICELIST_MACHINE" "$NICELIST_TAG"
    ;;
untag-host) nicelist host untag "$NICELIST_MACHINE" "$NICELIST_TAG" ;;
order-clean-sync) nicelist host clean-sync "$NICELIST_MACHINE" --yes ;;
set-mode) nicelist settings set "client-mode=$NICELIST_MODE" --scope "$scope" ;;
enable-bundles) nicelist settings set enable-bundles=true --scope "$scope" ;;
*)
    echo "unknown hook $1" >&2
    exit 2
    ;;
esac
