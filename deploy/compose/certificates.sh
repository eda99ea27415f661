#!/bin/sh
# Certificates for the nodes of compose.yaml, made once: certificates.sh FOLDER, in which every node has
# its volume by its region's code.
#
# Two trust domains, one a province, whose authority is at home at the province's node. Every node gets a
# certificate (FOLDER/CODE/identity) and an administrator (FOLDER/CODE/admin). The two partners trust each
# other's root. What is there already stays, so it may be run again at every start.
set -eu
nodes=$1
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

# DOMAIN PROVINCE: an authority, with the certificate of the province's own node.
authority() {
    home=$nodes/$2/identity
    [ -e "$home/authority/root.pem" ] ||
        liandong cert init --identity "$home" --domain "$1" --region "$2" --name "n$2" >&2
}

# PROVINCE CODE ROLE FOLDER: a certificate in FOLDER, for a key that is made there.
certificate() {
    folder=$nodes/$2/$4
    [ -e "$folder/certificate.pem" ] && return
    liandong cert request --identity "$folder" --out "$work/request.pem" >&2
    set -- "$@" --request "$work/request.pem" --out "$work/issued.pem" --region "$2" --role "$3"
    home=$nodes/$1/identity
    if [ "$3" = node ]; then
        set -- "$@" --name "n$2" --name localhost --name 127.0.0.1
    fi
    shift 4
    liandong cert issue --identity "$home" "$@" >&2
    liandong cert install --identity "$folder" "$work/issued.pem" >&2
    rm "$work/request.pem" "$work/issued.pem"
}

# PROVINCE DOMAIN REGIONS CODE: a node of the other domain takes this one's word for those regions.
trusted() {
    root=$nodes/$1/identity/roots/$2.pem
    # The fingerprint stands last. Between people it is compared by another way.
    shown=$(liandong --identity "$nodes/$1/identity" --format csv cert show --only trusted | grep "^$2,")
    liandong cert trust "$root" --regions "$3" --root "${shown##*,}" --identity "$nodes/$4/identity" >&2
}

authority shandong.example 370000
authority chongqing.example 500000
certificate 370000 370000 admin admin
certificate 500000 500000 admin admin
for code in 371500 371502 371503 371521 371522 371524 371525 371526 371581; do
    certificate 370000 "$code" node identity
    certificate 370000 "$code" admin admin
done
certificate 500000 500243 node identity
certificate 500000 500243 admin admin
trusted 500000 chongqing.example '50*' 371500
trusted 370000 shandong.example '37*' 500243
