# The one place that makes a Debian 13 root; sourced by check-trixie and images.
#
# DEBIAN_MIRROR and DEBIAN_SECURITY_MIRROR name other mirrors; an empty DEBIAN_SECURITY_MIRROR does without the second.
# shellcheck shell=bash

debian_mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
debian_security_mirror=${DEBIAN_SECURITY_MIRROR-http://deb.debian.org/debian-security}

# Programs that only these commands need are not installed for the user: both change much of a machine.
need_root_and() {
    local program
    [ "$(id -u)" = 0 ] || die "needs root: run it as root or with sudo"
    for program in "$@"; do
        command -v "$program" >/dev/null || die "needs $program: apt-get install $program"
    done
}

# Runs a command of the root $1 in it, with nothing of our environment.
in_root() {
    local root=$1
    shift
    env -i HOME=/root LANG=C.UTF-8 TERM="${TERM:-dumb}" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"
}

# Makes $1 what Debian's own image debian:trixie is: the smallest set of packages, with Debian's updates named.
make_bare_root() {
    local root=$1
    [ ! -f "$root/var/lib/crossdock-bare" ] || return 0
    say "Debian 13 root: $root (debootstrap, a few minutes)"
    rm -rf "$root"
    mkdir -p "$root"
    debootstrap --variant=minbase trixie "$root" "$debian_mirror" >"$root.log" 2>&1 ||
        { tail -n 20 "$root.log" >&2; die "debootstrap failed"; }
    rm -f "$root/etc/apt/sources.list"
    {
        printf 'Types: deb\nURIs: %s\nSuites: trixie trixie-updates\nComponents: main\n' "$debian_mirror"
        printf 'Signed-By: /usr/share/keyrings/debian-archive-keyring.pgp\n'
        [ -z "$debian_security_mirror" ] ||
            printf '\nTypes: deb\nURIs: %s\nSuites: trixie-security\nComponents: main\nSigned-By: %s\n' \
                "$debian_security_mirror" /usr/share/keyrings/debian-archive-keyring.pgp
    } >"$root/etc/apt/sources.list.d/debian.sources"
    # No package may start a server in there.
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod 755 "$root/usr/sbin/policy-rc.d"
    rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*_dists_*
    touch "$root/var/lib/crossdock-bare"
}

# Takes from the root $1 what debian:trixie-slim lacks, and tells dpkg to leave it out of what comes later: documentation
# (not the licences), manual pages, translations.
make_slim() {
    local root=$1
    cat >"$root/etc/dpkg/dpkg.cfg.d/slim" <<'END'
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/info/*
path-exclude /usr/share/lintian/*
path-exclude /usr/share/locale/*
path-include /usr/share/locale/locale.alias
path-exclude /usr/share/man/*
END
    find "$root/usr/share/doc" -mindepth 2 ! -type d ! -name copyright -delete
    find "$root/usr/share/locale" -mindepth 1 ! -type d ! -name locale.alias -delete
    rm -rf "$root"/usr/share/{info,lintian,man}/*
    find "$root"/usr/share/{doc,locale} -mindepth 1 -type d -empty -delete
}

# Makes $1 a root that has the packages named after it; one that is there and has others gets what is missing. A root of
# another maker (an image's build stage) is taken as it is.
make_root_with() {
    local root=$1 marker=$1/var/lib/crossdock-root log=$1/var/log/crossdock-root.log wanted
    shift
    wanted=$(printf '%s\n' "$@" | sha256sum)
    if [ -f "$marker" ] && [ "$(cat "$marker")" = "$wanted" ]; then
        say "Debian 13 root: $root (kept from before)"
        return
    fi
    [ -x "$root/usr/bin/apt-get" ] || make_bare_root "$root"
    say "Debian 13 root: installing what is missing"
    # An image has none of its own.
    [ -s "$root/etc/resolv.conf" ] || cp --dereference /etc/resolv.conf "$root/etc/resolv.conf"
    # PostgreSQL's installation makes no cluster.
    mkdir -p "$root/etc/postgresql-common"
    printf 'create_main_cluster = false\n' >"$root/etc/postgresql-common/createcluster.conf"
    in_root "$root" apt-get -q update >"$log" 2>&1 || { tail -n 20 "$log" >&2; die "apt-get update failed"; }
    in_root "$root" apt-get -q -y --no-install-recommends -o Dpkg::Options::=--force-confold install "$@" \
        >"$log" 2>&1 || { tail -n 20 "$log" >&2; die "apt-get install failed"; }
    printf '%s\n' "$wanted" >"$marker"
}

# Copies what git knows of the repository $1, and what is new in it, into $2; a build there is kept.
copy_tree() {
    local repository=$1 target=$2
    mkdir -p "$target"
    find "$target" -mindepth 1 -maxdepth 1 ! -name .build -exec rm -rf {} +
    (cd "$repository" && git ls-files -z --cached --others --exclude-standard |
        while IFS= read -r -d '' file; do [ -e "$file" ] && printf '%s\0' "$file"; done |
        tar --null --files-from=- --create) | tar --extract --directory "$target"
}
