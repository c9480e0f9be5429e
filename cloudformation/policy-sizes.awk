# How many characters the policies of each role of a template have once a file of NAME=VALUE lines is filled in, and each managed
# policy by itself: lines of its name, its size, and what IAM takes at most. IAM counts JSON without white space. It may be a few
# too many, and a test holds it to that.
function said() {
    if (role != "" && size > 0) print role, size, most
    role = ""; size = 0; most = 10240; inside = 0; left_out = 0
}
FNR == NR {
    place = index($0, "=")
    name = substr($0, 1, place - 1)
    text = substr($0, place + 1)
    long[name] = length(text)
    many[name] = split(text, parts, ",")
    next
}
{ sub(/\r$/, "") }
/^[A-Za-z]/ { said(); section = $1 }
section == "Conditions:" && match($0, /!Ref [A-Za-z]+/) {
    needs[substr($1, 1, length($1) - 1)] = substr($0, RSTART + 5, RLENGTH - 5)
}
/^  [A-Za-z0-9]+:$/ { said(); role = substr($1, 1, length($1) - 1) }
/^    Type: AWS::IAM::ManagedPolicy$/ { most = 6144 }
/^ *PolicyDocument:$/ { inside = 1; size += 20; next }
!inside || /^ *#/ || /!If$/ || /^ *- ","$/ || /!Join$/ { next }
/^ *- !Ref AWS::NoValue$/ { left_out = 0; next }
/^ *- Has[A-Za-z]*$/ { left_out = long[needs[$2]] == 0; next }
left_out { next }
{
    line = $0
    joined = match(line, /:cluster-snapshot:[a-z:-]*/) ? RLENGTH - length(":cluster:") : 0
    is_joined = line ~ /!Join/
    for (name in long) {
        size += gsub("[$][{]" name "[}]", "", line) * long[name]
        found = gsub("!Ref " name "[^A-Za-z0-9]", "@ ", line) + gsub("!Ref " name "$", "@", line)
        size += found * (long[name] + (2 + joined) * many[name] + 3)
    }
    size += 3 * gsub(/[$][{]AWS::Partition[}]/, "", line)
    size += 12 * gsub(/[$][{]AWS::AccountId[}]/, "", line)
    size += 14 * gsub(/[$][{]AWS::Region[}]/, "", line)
    size += 95 * (gsub(/!GetAtt [A-Za-z.]*/, "", line) + gsub(/[$][{][A-Za-z.]*[}]/, "", line))
    if (line ~ /- Sid:/ || line ~ /:$/ || line ~ /!Split$/) size += 2
    count = split(line, words, " ")
    for (at = 1; at <= count; at++) {
        word = words[at]
        gsub(/"/, "", word)
        if (word ~ /^-$|^@$|^!/ || (is_joined && word !~ /[A-Za-z]:$/)) continue
        size += length(word)
        if (word !~ /^[],}@]+$/) size += word ~ /[:,]$/ ? 2 : 3
    }
}
END { said() }
