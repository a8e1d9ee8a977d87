// A libnccl for tests without a GPU: it holds every call against NCCL's rules, and really moves and reduces host memory between processes,
// through files in a folder that the first member of a communicator makes under FAKE_NCCL_FOLDER. As under a communicator that does not
// block, calls return at once and a thread does the work; no call may follow before it is done. What breaks a rule fails with a sentence,
// and is written to violations.txt in that folder, which the tests want empty.
//
//   FAKE_NCCL_DEVICE   the name of this process's device; one of its own unless set; "cuda" for none in host memory, as NCCL itself has
//   FAKE_NCCL_VERSION  the version to claim; 23007 unless set
//   FAKE_NCCL_BREAK    the number of the group that fails in the course of its work, from 1; none unless set
#include "nccl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static _Thread_local int depth;
static _Thread_local ncclComm_t group_comm;
static char last_error[512];

static const char* folder(void) {
  const char* name = getenv("FAKE_NCCL_FOLDER");
  return name ? name : "/dev/shm";
}

static void note(const char* file, const char* text) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/%s", folder(), file);
  FILE* f = fopen(path, "a");
  if (!f) return;
  fprintf(f, "%d %s\n", (int)getpid(), text);
  fclose(f);
}

__attribute__((format(printf, 1, 2))) static ncclResult_t violation(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(last_error, sizeof last_error, format, arguments);
  va_end(arguments);
  note("violations.txt", last_error);
  return ncclInvalidUsage;
}

ncclResult_t ncclGetVersion(int* version) {
  *version = getenv("FAKE_NCCL_VERSION") ? atoi(getenv("FAKE_NCCL_VERSION")) : 23007;
  return ncclSuccess;
}

const char* ncclGetErrorString(ncclResult_t result) {
  static const char* const names[] = {"no error", "unhandled cuda error", "unhandled system error", "internal error", "invalid argument",
                                      "invalid usage", "remote process exited or there was a network error", "NCCL operation in progress"};
  return (int)result >= 0 && result <= ncclInProgress ? names[result] : "unknown result";
}

const char* ncclGetLastError(ncclComm_t comm) { (void)comm; return last_error; }

const char* gshardNcclHostDevice(void) {
  static char name[64];
  const char* set = getenv("FAKE_NCCL_DEVICE");
  if (set) return strcmp(set, "cuda") ? set : NULL;
  snprintf(name, sizeof name, "host:%d", (int)getpid());
  return name;
}

// The name of the folder, and a pattern up to the last of the 128 bytes, which shows whether they arrive by value.
ncclResult_t ncclGetUniqueId(ncclUniqueId* id) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/comm-XXXXXX", folder());
  if (!mkdtemp(path)) return violation("the folder %s cannot be made: %s", path, strerror(errno));
  for (int i = 0; i < NCCL_UNIQUE_ID_BYTES; i++) id->internal[i] = (char)(i * 7 + 1);
  snprintf(id->internal, 64, "%s", strrchr(path, '/') + 1);
  return ncclSuccess;
}

static int is_whole(const ncclUniqueId* id) {
  for (int i = 64; i < NCCL_UNIQUE_ID_BYTES; i++)
    if (id->internal[i] != (char)(i * 7 + 1)) return 0;
  return memchr(id->internal, 0, 64) != NULL;
}

static const char* config_problem(const ncclConfig_t* c) {
  const int undefined = INT_MIN;
  if (!c) return "there is no config";
  if (c->size != sizeof *c) return "its size is not that of the layout";
  if (c->magic != 0xcafebeef) return "its magic is not 0xcafebeef";
  if (c->version != 23007) return "its version is not 23007";
  if (c->blocking != 0) return "it blocks";
  if (c->netName || c->commName) return "a name is not NULL";
  const int rest[] = {c->cgaClusterSize, c->minCTAs, c->maxCTAs, c->splitShare, c->trafficClass, c->collnetEnable, c->CTAPolicy, c->shrinkShare,
                      c->nvlsCTAs, c->nChannelsPerNetPeer, c->nvlinkCentricSched, c->graphUsageMode, c->numRmaCtx, c->maxP2pPeers};
  for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
    if (rest[i] != undefined) return "a field is not undefined (INT_MIN)";
  return NULL;
}

// The thread of a communicator: waits for a group of calls, does it, and tells.
static void* work(void* argument) {
  ncclComm_t comm = argument;
  ncclResult_t result = fake_meet(comm);
  for (;;) {
    pthread_mutex_lock(&comm->lock);
    comm->state = result;
    while (!comm->has_work && !comm->aborted && !comm->ends) pthread_cond_wait(&comm->changed, &comm->lock);
    int ends = comm->aborted || (comm->ends && !comm->has_work);
    pthread_mutex_unlock(&comm->lock);
    if (ends) return NULL;
    result = fake_run(comm);
    pthread_mutex_lock(&comm->lock);
    comm->has_work = 0;
    comm->count = 0;
    pthread_mutex_unlock(&comm->lock);
  }
}

ncclResult_t fake_fail(ncclComm_t comm, const char* text) {
  if (comm->aborted) return ncclInternalError;
  return violation("rank %d: %s", comm->rank, text);
}

ncclResult_t ncclCommInitRankConfig(ncclComm_t* made, int ranks, ncclUniqueId id, int rank, ncclConfig_t* config) {
  if (depth) return violation("ncclCommInitRankConfig inside a group");
  if (!is_whole(&id)) return violation("the unique id did not arrive as 128 bytes by value");
  if (rank < 0 || rank >= ranks) return violation("rank %d of %d", rank, ranks);
  const char* problem = config_problem(config);
  if (problem) return violation("ncclConfig_t: %s", problem);
  ncclComm_t comm = calloc(1, sizeof *comm);
  comm->rank = rank;
  comm->ranks = ranks;
  comm->state = ncclInProgress;
  snprintf(comm->folder, sizeof comm->folder, "%s/%s", folder(), id.internal);
  pthread_mutex_init(&comm->lock, NULL);
  pthread_cond_init(&comm->changed, NULL);
  *made = comm;
  note("calls.txt", "init");
  return pthread_create(&comm->thread, NULL, work, comm) ? ncclSystemError : ncclInProgress;
}

ncclResult_t ncclCommGetAsyncError(ncclComm_t comm, ncclResult_t* state) {
  if (!comm) return violation("ncclCommGetAsyncError without a communicator");
  pthread_mutex_lock(&comm->lock);
  *state = comm->state;
  pthread_mutex_unlock(&comm->lock);
  return ncclSuccess;
}

static void end(ncclComm_t comm) {
  pthread_mutex_lock(&comm->lock);
  comm->ends = 1;
  pthread_cond_broadcast(&comm->changed);
  pthread_mutex_unlock(&comm->lock);
  pthread_join(comm->thread, NULL);
  free(comm);
}

ncclResult_t ncclCommFinalize(ncclComm_t comm) {
  if (comm->state != ncclSuccess) return violation("ncclCommFinalize while a call is under way");
  if (comm->finalized) return violation("ncclCommFinalize twice");
  comm->finalized = 1;
  note("calls.txt", "finalize");
  return ncclSuccess;
}

ncclResult_t ncclCommDestroy(ncclComm_t comm) {
  if (!comm->finalized) return violation("ncclCommDestroy before ncclCommFinalize");
  note("calls.txt", "destroy");
  end(comm);
  return ncclSuccess;
}

ncclResult_t ncclCommAbort(ncclComm_t comm) {
  if (!comm) return violation("ncclCommAbort without a communicator");
  note("calls.txt", "abort");
  comm->aborted = 1;
  end(comm);
  return ncclSuccess;
}

ncclResult_t ncclGroupStart(void) {
  if (depth++) return violation("a group inside a group");
  group_comm = NULL;
  return ncclSuccess;
}

ncclResult_t ncclGroupEnd(void) {
  if (depth != 1) return violation("ncclGroupEnd without ncclGroupStart");
  depth = 0;
  ncclComm_t comm = group_comm;
  if (!comm) return ncclSuccess;
  pthread_mutex_lock(&comm->lock);
  comm->has_work = 1;
  comm->state = ncclInProgress;
  pthread_cond_broadcast(&comm->changed);
  pthread_mutex_unlock(&comm->lock);
  return ncclInProgress;
}

static ncclResult_t add(ncclComm_t comm, struct fake_call call, void* stream) {
  if (!comm) return violation("%s without a communicator", fake_names[call.kind]);
  if (!depth) return violation("%s outside of a group", fake_names[call.kind]);
  if (group_comm && group_comm != comm) return violation("two communicators in one group");
  pthread_mutex_lock(&comm->lock);
  ncclResult_t state = comm->state;
  pthread_mutex_unlock(&comm->lock);
  if (state != ncclSuccess) return violation("%s while a call is under way or after a failure", fake_names[call.kind]);
  if (comm->finalized) return violation("%s after ncclCommFinalize", fake_names[call.kind]);
  if (stream) return violation("%s on a stream, where there is no device", fake_names[call.kind]);
  if (call.count == 0) return violation("%s of nothing", fake_names[call.kind]);
  if (call.type < 0 || call.type > 9) return violation("%s of elements of type %d", fake_names[call.kind], call.type);
  if ((call.kind != FAKE_RECV && !call.input) || (call.kind != FAKE_SEND && !call.output)) return violation("%s without memory", fake_names[call.kind]);
  if (call.kind < FAKE_ALL_GATHER && (call.argument < 0 || call.argument > 4)) return violation("%s with operation %d", fake_names[call.kind], call.argument);
  if (call.kind >= FAKE_BROADCAST && (call.argument < 0 || call.argument >= comm->ranks)) return violation("%s with rank %d", fake_names[call.kind], call.argument);
  if (call.kind >= FAKE_SEND && call.argument == comm->rank) return violation("%s to itself", fake_names[call.kind]);
  if (comm->count == FAKE_CALLS) return violation("more than %d calls in a group", FAKE_CALLS);
  group_comm = comm;
  comm->calls[comm->count++] = call;
  return ncclSuccess;
}

#define ADD(KIND, ARGUMENT) add(comm, (struct fake_call){KIND, input, output, count, type, ARGUMENT}, stream)

ncclResult_t ncclAllReduce(const void* input, void* output, size_t count, int type, int op, ncclComm_t comm, void* stream) { return ADD(FAKE_ALL_REDUCE, op); }
ncclResult_t ncclReduceScatter(const void* input, void* output, size_t count, int type, int op, ncclComm_t comm, void* stream) { return ADD(FAKE_REDUCE_SCATTER, op); }
ncclResult_t ncclAllGather(const void* input, void* output, size_t count, int type, ncclComm_t comm, void* stream) { return ADD(FAKE_ALL_GATHER, 0); }
ncclResult_t ncclBroadcast(const void* input, void* output, size_t count, int type, int root, ncclComm_t comm, void* stream) { return ADD(FAKE_BROADCAST, root); }

ncclResult_t ncclSend(const void* input, size_t count, int type, int peer, ncclComm_t comm, void* stream) {
  void* output = NULL;
  return ADD(FAKE_SEND, peer);
}

ncclResult_t ncclRecv(void* output, size_t count, int type, int peer, ncclComm_t comm, void* stream) {
  const void* input = NULL;
  return ADD(FAKE_RECV, peer);
}
