# What a lab image does: the app serves /ready on port 8080, the pause image only waits; SIGTERM ends it at once.
# Version 3 is the broken release: it serves, but never says that it is ready.
trap 'exit 0' TERM INT
case "$RELEASE" in
    pause:*) sleep 2147483647 & ;;
    *)
        mkdir -p /www
        [ "$RELEASE" = app:v3 ] || echo "$RELEASE" > /www/ready
        httpd -f -p 8080 -h /www &
        ;;
esac
wait $!
