#include "connection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Other connections get their turn after so many reads. */
enum { READS_PER_EVENT = 16 };

void *allocate_or_exit(size_t size) {
    void *memory = malloc(size);
    if (memory == NULL) {
        fprintf(stderr, "EpollServer: out of memory\n");
        exit(1);
    }
    return memory;
}

static void control(int operation, struct watched *watched, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = watched};
    if (epoll_ctl(server.poller, operation, watched->descriptor, &event) != 0) {
        fprintf(stderr, "EpollServer: epoll_ctl: %s\n", strerror(errno));
        exit(1);
    }
}

void watch(struct watched *watched, uint32_t events) { control(EPOLL_CTL_ADD, watched, events); }

/*
 * Reading is edge triggered, which saves the kernel a look at each socket that has been read: 3 %
 * of an echo. Waiting to write is rare and level triggered.
 */
enum { READING = (int)(EPOLLIN | EPOLLRDHUP | EPOLLET) };

/* Brings an event also for what has come before, so that nothing is missed. */
static void set_interest(struct connection *connection, uint32_t events) {
    connection->interest = events;
    control(EPOLL_CTL_MOD, &connection->watched, events);
}

static void finish(struct connection *connection) {
    connection->ended = true;
    if (connection->unsent == NULL) connection_close(connection);
}

static bool takes_more(const struct connection *connection) {
    return connection->watched.descriptor >= 0 && connection->unsent == NULL;
}

/*
 * A read that does not fill its memory has emptied the socket, and what comes later brings a new
 * event: there is no read that finds nothing, but for the one that finds the end.
 */
static void read_all(struct connection *connection, bool end_has_come) {
    for (int number = 0; number < READS_PER_EVENT; number++) {
        struct space space = server.mode->space(connection);
        ssize_t count = recv(connection->watched.descriptor, space.memory, space.size, 0);
        if (count > 0) {
            server.mode->received(connection, space.memory, (size_t)count);
            bool is_empty = (size_t)count < space.size && !end_has_come;
            if (is_empty || !takes_more(connection)) return;
        } else if (count == 0) {
            finish(connection);
            return;
        } else if (errno == EAGAIN) {
            return;
        } else if (errno != EINTR) {
            connection_close(connection);
            return;
        }
    }
    set_interest(connection, connection->interest);
}

static void send_unsent(struct connection *connection) {
    struct unsent *unsent = connection->unsent;
    ssize_t count = send(connection->watched.descriptor, unsent->bytes + unsent->sent,
                         unsent->length - unsent->sent, MSG_NOSIGNAL);
    if (count < 0) {
        if (errno != EAGAIN && errno != EINTR) connection_close(connection);
        return;
    }
    unsent->sent += (size_t)count;
    if (unsent->sent < unsent->length) return;
    free(unsent);
    connection->unsent = NULL;
    if (connection->ended) {
        connection_close(connection);
    } else {
        set_interest(connection, READING);
    }
}

static void connection_ready(struct watched *watched, uint32_t events) {
    struct connection *connection = (struct connection *)watched;
    if (connection->unsent != NULL) {
        send_unsent(connection);
    } else {
        if (events & EPOLLOUT) server.mode->writable(connection);
        if (events & ~(uint32_t)EPOLLOUT && takes_more(connection)) {
            read_all(connection, events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR));
        }
    }
    connection_sweep(connection);
}

void connection_open(int descriptor) {
    struct connection *connection = allocate_or_exit(server.mode->connection_size);
    memset(connection, 0, server.mode->connection_size);
    connection->watched = (struct watched){.descriptor = descriptor, .ready = connection_ready};
    connection->interest = READING;
    connection->next = server.connections;
    if (connection->next != NULL) connection->next->previous = connection;
    server.connections = connection;
    watch(&connection->watched, READING);
    if (server.mode->opened != NULL) server.mode->opened(connection);
    connection_sweep(connection);
}

struct space connection_shared_space(struct connection *connection) {
    (void)connection;
    return (struct space){server.read_buffer, READ_BUFFER_SIZE};
}

void connection_await_writable(struct connection *connection) {
    set_interest(connection, EPOLLOUT | EPOLLIN);
}

void connection_send(struct connection *connection, const char *bytes, size_t length) {
    ssize_t sent = send(connection->watched.descriptor, bytes, length, MSG_NOSIGNAL);
    if (sent == (ssize_t)length) return;
    if (sent < 0) {
        if (errno != EAGAIN && errno != EINTR) {
            connection_close(connection);
            return;
        }
        sent = 0;
    }
    size_t left = length - (size_t)sent;
    connection->unsent = allocate_or_exit(sizeof *connection->unsent + left);
    connection->unsent->length = left;
    connection->unsent->sent = 0;
    memcpy(connection->unsent->bytes, bytes + sent, left);
    set_interest(connection, EPOLLOUT);
}

void connection_close(struct connection *connection) {
    close(connection->watched.descriptor);
    connection->watched.descriptor = -1;
}

void connection_sweep(struct connection *connection) {
    if (connection->watched.descriptor >= 0) return;
    if (connection->next != NULL) connection->next->previous = connection->previous;
    if (connection->previous != NULL) {
        connection->previous->next = connection->next;
    } else {
        server.connections = connection->next;
    }
    if (server.mode->released != NULL) server.mode->released(connection);
    free(connection->unsent);
    free(connection);
}
