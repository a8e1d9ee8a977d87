// How the fake's members exchange memory: a file for each message, renamed into place when it is whole.
#include "nccl.h"

#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reduce.h"

const char* const fake_names[] = {"ncclAllReduce", "ncclReduceScatter", "ncclAllGather", "ncclBroadcast", "ncclSend", "ncclRecv"};

// What stands before the elements.
struct header {
  int32_t kind, type, argument;
  int64_t count;
};

static int publish(ncclComm_t comm, const char* name, struct header header, const void* data, size_t bytes) {
  char part[PATH_MAX], whole[PATH_MAX];
  snprintf(part, sizeof part, "%s/%s.part", comm->folder, name);
  snprintf(whole, sizeof whole, "%s/%s", comm->folder, name);
  FILE* file = fopen(part, "wb");
  if (!file) return 0;
  int ok = fwrite(&header, sizeof header, 1, file) == 1 && (bytes == 0 || fwrite(data, bytes, 1, file) == 1);
  return !fclose(file) && ok && !rename(part, whole);
}

// Waits for a message; NULL where the communicator was aborted meanwhile. The caller frees it.
static struct header* await(ncclComm_t comm, const char* name, size_t* bytes, int take) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/%s", comm->folder, name);
  FILE* file;
  while (!(file = fopen(path, "rb"))) {
    if (comm->aborted) return NULL;
    usleep(100);
  }
  fseek(file, 0, SEEK_END);
  size_t size = (size_t)ftell(file);
  rewind(file);
  struct header* message = malloc(size);
  if (fread(message, size, 1, file) != 1) memset(message, 0xff, sizeof *message);
  fclose(file);
  if (take) unlink(path);
  *bytes = size - sizeof *message;
  return message;
}

static void name_of(char* name, size_t size, const char* kind, int a, int b, long number) { snprintf(name, size, "%s-%d-%d-%ld", kind, a, b, number); }

ncclResult_t fake_meet(ncclComm_t comm) {
  char name[64];
  size_t bytes;
  snprintf(name, sizeof name, "here-%d", comm->rank);
  if (!publish(comm, name, (struct header){.count = comm->ranks}, NULL, 0)) return fake_fail(comm, "the communicator's folder is not there");
  for (int other = 0; other < comm->ranks; other++) {
    snprintf(name, sizeof name, "here-%d", other);
    struct header* message = await(comm, name, &bytes, 0);
    if (!message) return ncclInternalError;
    int is_alike = message->count == comm->ranks;
    free(message);
    if (!is_alike) return fake_fail(comm, "the members give different sizes of the communicator");
  }
  return ncclSuccess;
}

static ncclResult_t send_call(ncclComm_t comm, const struct fake_call* call) {
  char name[64];
  name_of(name, sizeof name, "to", comm->rank, call->argument, comm->sent[call->argument]++);
  struct header header = {call->kind, call->type, call->argument, (int64_t)call->count};
  return publish(comm, name, header, call->input, call->count * fake_size(call->type)) ? ncclSuccess : fake_fail(comm, "a message cannot be written");
}

static ncclResult_t receive_call(ncclComm_t comm, const struct fake_call* call) {
  char name[64];
  size_t bytes;
  name_of(name, sizeof name, "to", call->argument, comm->rank, comm->received[call->argument]++);
  struct header* message = await(comm, name, &bytes, 1);
  if (!message) return ncclInternalError;
  ncclResult_t result = ncclSuccess;
  if (message->count != (int64_t)call->count || message->type != call->type) result = fake_fail(comm, "ncclRecv has another count or type than the ncclSend it belongs to");
  else if (!comm->aborted) memcpy(call->output, message + 1, bytes);
  free(message);
  return result;
}

static ncclResult_t collective(ncclComm_t comm, const struct fake_call* call) {
  char name[64];
  size_t size = fake_size(call->type), bytes = call->count * size, all = bytes;
  if (call->kind == FAKE_REDUCE_SCATTER) all = bytes * (size_t)comm->ranks;
  long number = comm->collectives++;
  struct header mine = {call->kind, call->type, call->argument, (int64_t)call->count};
  name_of(name, sizeof name, "all", comm->rank, 0, number);
  if (!publish(comm, name, mine, call->input, all)) return fake_fail(comm, "a message cannot be written");
  char* result = malloc(bytes * (size_t)(call->kind == FAKE_ALL_GATHER ? comm->ranks : 1));
  ncclResult_t outcome = ncclSuccess;
  for (int other = 0; other < comm->ranks && outcome == ncclSuccess; other++) {
    size_t there;
    name_of(name, sizeof name, "all", other, 0, number);
    struct header* message = await(comm, name, &there, 0);
    if (!message) outcome = ncclInternalError;
    else if (message->kind != mine.kind || message->type != mine.type || message->argument != mine.argument || message->count != mine.count || there != all)
      outcome = fake_fail(comm, "the members of a collective differ in kind, count, type, operation or root");
    else {
      const char* data = (const char*)(message + 1) + (call->kind == FAKE_REDUCE_SCATTER ? bytes * (size_t)comm->rank : 0);
      if (call->kind == FAKE_ALL_GATHER) memcpy(result + bytes * (size_t)other, data, bytes);
      else if (call->kind == FAKE_BROADCAST ? other == call->argument : other == 0) memcpy(result, data, bytes);
      else if (call->kind != FAKE_BROADCAST) fake_reduce(result, data, call->count, call->type, call->argument);
    }
    free(message);
  }
  if (outcome == ncclSuccess && !comm->aborted) memcpy(call->output, result, bytes * (size_t)(call->kind == FAKE_ALL_GATHER ? comm->ranks : 1));
  free(result);
  // All have shown this one, so all are through with the one before.
  if (number > 0) {
    char path[PATH_MAX];
    name_of(name, sizeof name, "all", comm->rank, 0, number - 1);
    snprintf(path, sizeof path, "%s/%s", comm->folder, name);
    unlink(path);
  }
  return outcome;
}

ncclResult_t fake_run(ncclComm_t comm) {
  const char* broken = getenv("FAKE_NCCL_BREAK");
  if (++comm->groups == (broken ? atol(broken) : 0)) return ncclRemoteError;
  // Calls of a group wait for none of its own: all is sent before anything is received.
  ncclResult_t result = ncclSuccess;
  for (int i = 0; i < comm->count && result == ncclSuccess; i++)
    if (comm->calls[i].kind == FAKE_SEND) result = send_call(comm, &comm->calls[i]);
  for (int i = 0; i < comm->count && result == ncclSuccess; i++) {
    if (comm->calls[i].kind == FAKE_RECV) result = receive_call(comm, &comm->calls[i]);
    else if (comm->calls[i].kind != FAKE_SEND) result = collective(comm, &comm->calls[i]);
  }
  return result;
}
