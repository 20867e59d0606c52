#!/bin/bash
# Builds the signed package repositories that stand in for the vendors'. Runs inside trainyard-test/el8-tools with
# /in (this folder and ../standin) read-only and /out writable. Real: the Docker Engine binaries (Debian's, repackaged),
# every signature, the metadata. Doubles: the Jenkins package and the Java one.
set -euo pipefail
export HOME=/root GNUPGHOME=/out/.keys
top=/root/rpmbuild
mkdir -p "$top"/{SPECS,SOURCES,BUILD,RPMS,SRPMS} /root/deb/root "$GNUPGHOME" /out
chmod 700 "$GNUPGHOME"
sed 's/^  //' > /root/.rpmmacros <<'M'
  %_topdir /root/rpmbuild
  %dist .el8
  %__gpg /usr/bin/gpg
  %_build_id_links none
  %debug_package %{nil}
  %__os_install_post %{nil}
  %_source_filedigest_algorithm 8
  %_binary_filedigest_algorithm 8
  %_binary_payload w3.zstdio
M
for who in os docker jenkins adoptium evil; do
    gpg --list-keys "$who (test)" > /dev/null 2>&1 || gpg --batch --quiet --passphrase '' --quick-gen-key "$who (test)" rsa3072 sign 0
done

# --- Docker Engine 26 as RPMs: trixie's binaries run on anything recent; runc 1.1 is what cgroup v1 hosts want
echo 'deb http://deb.debian.org/debian trixie main' > /etc/apt/sources.list.d/trixie.list
apt-get update -qq
cd /root/deb
apt-get download -qq docker.io/trixie docker-cli/trixie containerd/trixie docker-buildx/trixie \
    runc/bookworm tini/bookworm 2>/dev/null
rm /etc/apt/sources.list.d/trixie.list
for package in *.deb; do dpkg-deb -x "$package" root; done
version() { dpkg-deb -f "$1"_*.deb Version | sed 's/[+~-].*//'; }
root=/root/deb/root

spec() { # spec NAME VERSION RELEASE EXTRA-HEADER < body
    { printf 'Name: %s\nVersion: %s\nRelease: %s%%{?dist}\nSummary: test double\nLicense: GPLv2\nAutoReqProv: no\n%s\n%%description\nx\n' \
        "$1" "$2" "$3" "$4"; cat; } > "$top/SPECS/$1.spec"
    rpmbuild -bb --quiet "$top/SPECS/$1.spec"
}
spec redhat-release 8.10 0.3 "BuildArch: noarch
Provides: system-release = 8.10-0.3.el8, system-release(releasever) = 8, redhat-release-server, base-module(platform:el8)" <<< '%files'
# What the Debian base really has, under its EL8 name.
spec debian-base-provides 1 2 "BuildArch: noarch
Provides: bash /bin/sh /usr/sbin/groupadd /usr/sbin/useradd systemd = 239-82.el8 systemd-libs iptables = 1.8.5 iptables-nft
Provides: nftables glibc tar xz shadow-utils util-linux coreutils platform-python libseccomp ca-certificates openssl
Provides: python3-firewall dnf-plugins-core yum-utils device-mapper-libs libcgroup sudo gnupg2 curl rsyslog cronie
Provides: openssh-clients fontconfig procps-ng hostname" <<< '%files'
# Packages that a role asks for by name: installed for real through dnf, their content is Debian's, already there.
for name in git python3.11 python3.11-pip python3.11-devel chrony firewalld openssh-server libselinux-python3 python3-libselinux \
    policycoreutils-python-utils python3-policycoreutils; do
    spec "$name" 1.0 1 "BuildArch: noarch" <<< '%files'
done
spec container-selinux 2.229.0 2 "Epoch: 2
BuildArch: noarch" <<< '%files'
# What the docker role has to clear away first, as on a stock EL8 with the container-tools module.
for name in podman buildah; do spec "$name" 4.9.4 1 "BuildArch: noarch" <<< '%files'; done
spec runc 1.1.12 1 "BuildArch: noarch" <<< '%files'

spec containerd.io "$(version containerd)" 3.1 "Provides: containerd runc
Conflicts: containerd runc
Obsoletes: containerd runc
Requires: container-selinux systemd libseccomp" <<S
%install
mkdir -p %{buildroot}/usr/bin %{buildroot}/usr/lib/systemd/system %{buildroot}/etc/containerd
for b in containerd containerd-shim-runc-v2 ctr; do cp $root/usr/bin/\$b %{buildroot}/usr/bin/; done
cp $root/usr/sbin/runc %{buildroot}/usr/bin/runc
printf 'disabled_plugins = ["cri"]\n' > %{buildroot}/etc/containerd/config.toml
cp /in/mirror/containerd.service %{buildroot}/usr/lib/systemd/system/
%post
if [ \$1 -eq 1 ]; then systemctl --no-reload preset containerd.service >/dev/null 2>&1 || :; fi; systemctl daemon-reload || :
%preun
if [ \$1 -eq 0 ]; then systemctl --no-reload disable --now containerd.service || :; fi
%files
%config(noreplace) /etc/containerd/config.toml
/usr/bin/*
/usr/lib/systemd/system/containerd.service
S
spec docker-ce-cli "$(version docker.io)" 1 "Epoch: 1" <<S
%install
mkdir -p %{buildroot}/usr/bin; cp $root/usr/bin/docker %{buildroot}/usr/bin/
%files
/usr/bin/docker
S
spec docker-ce "$(version docker.io)" 1 "Epoch: 3
Requires: containerd.io >= 1.6.4, docker-ce-cli, container-selinux >= 2:2.74, libseccomp >= 2.3, systemd, iptables, tar, xz, /usr/sbin/groupadd, libcgroup
Conflicts: docker docker-io docker-engine podman-docker" <<S
%install
mkdir -p %{buildroot}/usr/bin %{buildroot}/usr/lib/systemd/system
cp $root/usr/sbin/dockerd $root/usr/sbin/docker-proxy %{buildroot}/usr/bin/
cp $root/usr/bin/tini-static %{buildroot}/usr/bin/docker-init
cp /in/mirror/docker.service /in/mirror/docker.socket %{buildroot}/usr/lib/systemd/system/
%post
getent group docker >/dev/null || groupadd --system docker
if [ \$1 -eq 1 ]; then systemctl --no-reload preset docker.service docker.socket >/dev/null 2>&1 || :; fi; systemctl daemon-reload || :
%preun
if [ \$1 -eq 0 ]; then systemctl --no-reload disable --now docker.service docker.socket || :; fi
%files
/usr/bin/dockerd
/usr/bin/docker-proxy
/usr/bin/docker-init
/usr/lib/systemd/system/docker.s*
S
spec docker-buildx-plugin "$(version docker-buildx)" 1 "" <<S
%install
mkdir -p %{buildroot}/usr/libexec/docker/cli-plugins; cp $root/usr/libexec/docker/cli-plugins/docker-buildx %{buildroot}/usr/libexec/docker/cli-plugins/
%files
/usr/libexec/docker/cli-plugins/docker-buildx
S

# --- the Jenkins and Java doubles, once as a file tree, then as RPM and as deb
jenkins_version=2.568.1
jenkins_next=2.568.2
tree=/root/jenkins-tree
mkdir -p $tree/usr/share/java $tree/usr/bin $tree/lib/systemd/system $tree/usr/share/jenkins-standin
cp /in/standin/jenkins.service $tree/lib/systemd/system/
cp /in/standin/*.py $tree/usr/share/jenkins-standin/
printf 'stand-in %s\n' "$jenkins_version" > $tree/usr/share/java/jenkins.war
install -m 755 /in/standin/jenkins $tree/usr/bin/jenkins
install -D -m 755 /in/standin/java /root/java-tree/usr/bin/java
spec jenkins $jenkins_version 1.1 "BuildArch: noarch" <<S
%pre
getent group jenkins >/dev/null || groupadd -r jenkins
getent passwd jenkins >/dev/null || useradd -r -g jenkins -d /var/lib/jenkins -s /bin/bash jenkins
%install
cp -a $tree/. %{buildroot}/; mkdir -p %{buildroot}/usr/lib; mv %{buildroot}/lib/systemd %{buildroot}/usr/lib/; rmdir %{buildroot}/lib
mkdir -p %{buildroot}/var/lib/jenkins
%post
systemctl daemon-reload || :
%files
/usr/bin/jenkins
/usr/share/java/jenkins.war
/usr/share/jenkins-standin
/usr/lib/systemd/system/jenkins.service
%attr(0755,jenkins,jenkins) %dir /var/lib/jenkins
S
spec java-21-openjdk-headless 21.0.9 1 "BuildArch: noarch
Provides: java-21-openjdk" <<S
%install
cp -a /root/java-tree/. %{buildroot}/
%files
/usr/bin/java
S

sign() { rpmsign --define "_gpg_name $1 (test)" "${@:2}" >/dev/null; }
mkdir -p /out/os/el8 /out/docker-ce/rhel/8/x86_64/stable /out/jenkins/rpm-stable /out/evil/rpm
rpms=$top/RPMS
sign docker --addsign "$rpms"/*/{docker-,containerd.io}*.rpm
sign jenkins --addsign "$rpms"/*/jenkins-*.rpm
mv "$rpms"/*/{docker-,containerd.io}*.rpm /out/docker-ce/rhel/8/x86_64/stable/
mv "$rpms"/*/jenkins-*.rpm /out/jenkins/rpm-stable/
sign os --addsign "$rpms"/*/*.rpm
mv "$rpms"/*/*.rpm /out/os/el8/
publish() { # publish WHO FOLDER KEYFILE
    createrepo_c -q "$2"
    gpg --batch --yes -u "$1 (test)" --detach-sign --armor "$2/repodata/repomd.xml"
    gpg --armor --export "$1 (test)" > "$3"
}
publish os /out/os/el8 /out/os/RPM-GPG-KEY
publish docker /out/docker-ce/rhel/8/x86_64/stable /out/docker-ce/rhel/gpg
publish jenkins /out/jenkins/rpm-stable /out/jenkins/rpm-stable/jenkins.io-2026.key
gpg --armor --export "evil (test)" > /out/evil/key.asc

# --- the same for Debian: flat repositories with a signed InRelease
deb() { # deb NAME VERSION TREE DEPENDS
    mkdir -p "$3/DEBIAN"
    printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: test <test@test.invalid>\nDepends: %s\nDescription: test double\n' \
        "$1" "$2" "$4" > "$3/DEBIAN/control"
    dpkg-deb -Zgzip --root-owner-group -b "$3" "$5" >/dev/null
}
release() { # release WHO TOP SUITE: file names in the index are relative to TOP
    (cd "$2" && apt-ftparchive packages "$3" > "$3/Packages" && gzip -kf "$3/Packages" \
        && apt-ftparchive release "$3" > /root/Release && mv /root/Release "$3/Release" \
        && gpg --batch --yes -u "$1 (test)" --clearsign -o "$3/InRelease" "$3/Release")
}
mkdir -p /out/jenkins/debian-stable/binary /out/adoptium/deb /out/os/debian12
cat > /root/postinst <<'P'
#!/bin/sh
set -e
getent passwd jenkins >/dev/null || adduser --system --group --home /var/lib/jenkins --no-create-home --shell /bin/bash jenkins >/dev/null
install -d -o jenkins -g jenkins /var/lib/jenkins
# as the real package does: enabled and started as soon as it is unpacked
deb-systemd-helper enable jenkins.service >/dev/null || true
deb-systemd-invoke start jenkins.service >/dev/null || true
P
mkdir -p $tree/DEBIAN && install -m 755 /root/postinst $tree/DEBIAN/postinst
deb jenkins $jenkins_version $tree python3-yaml /out/jenkins/debian-stable/binary/jenkins_${jenkins_version}_all.deb
deb temurin-21-jre 21.0.9 /root/java-tree python3 /out/adoptium/deb/temurin-21-jre_21.0.9_all.deb
release jenkins /out/jenkins/debian-stable binary
release adoptium /out/adoptium/deb .
gpg --armor --export "jenkins (test)" > /out/jenkins/debian-stable/jenkins.io-2026.key
# what the vendor has a month later, for the upgrade
mkdir -p /out/jenkins-next/binary
printf 'stand-in %s\n' "$jenkins_next" > $tree/usr/share/java/jenkins.war
deb jenkins $jenkins_next $tree python3-yaml /out/jenkins-next/binary/jenkins_${jenkins_next}_all.deb
release jenkins /out/jenkins-next binary
cp /out/jenkins/debian-stable/jenkins.io-2026.key /out/jenkins-next/
gpg --armor --export "adoptium (test)" > /out/adoptium/key.asc

for who in os docker jenkins adoptium evil; do
    echo "$who: $(gpg --with-colons --fingerprint "$who (test)" | awk -F: '/^fpr/{print $10; exit}')"
done > /out/fingerprints.yml
