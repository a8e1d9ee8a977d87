// NCCL's interface as far as it is used, and what a communicator of the fake holds.
#pragma once
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#define NCCL_UNIQUE_ID_BYTES 128

typedef struct { char internal[NCCL_UNIQUE_ID_BYTES]; } ncclUniqueId;

typedef enum { ncclSuccess, ncclUnhandledCudaError, ncclSystemError, ncclInternalError, ncclInvalidArgument, ncclInvalidUsage, ncclRemoteError, ncclInProgress } ncclResult_t;

// The layout of version 2.30.
typedef struct {
  size_t size;
  unsigned int magic, version;
  int blocking, cgaClusterSize, minCTAs, maxCTAs;
  const char* netName;
  int splitShare, trafficClass;
  const char* commName;
  int collnetEnable, CTAPolicy, shrinkShare, nvlsCTAs, nChannelsPerNetPeer, nvlinkCentricSched, graphUsageMode, numRmaCtx, maxP2pPeers;
} ncclConfig_t;

enum { FAKE_ALL_REDUCE, FAKE_REDUCE_SCATTER, FAKE_ALL_GATHER, FAKE_BROADCAST, FAKE_SEND, FAKE_RECV };
enum { FAKE_CALLS = 4096 };
extern const char* const fake_names[];

struct fake_call {
  int kind;
  const void* input;
  void* output;
  size_t count;
  int type;
  int argument;  // the operation, the root or the other rank
};

struct ncclComm {
  int rank, ranks;
  char folder[512];
  pthread_mutex_t lock;
  pthread_cond_t changed;
  pthread_t thread;
  ncclResult_t state;
  int has_work, ends, finalized;
  atomic_int aborted;
  int count;
  long groups, collectives;
  long sent[64], received[64];
  struct fake_call calls[FAKE_CALLS];
};
typedef struct ncclComm* ncclComm_t;

// Waits until all members are there.
ncclResult_t fake_meet(ncclComm_t comm);

// Does the calls of a group.
ncclResult_t fake_run(ncclComm_t comm);

// The result of a call that breaks a rule, or of one that was aborted.
ncclResult_t fake_fail(ncclComm_t comm, const char* text);
