// Made by `npm run docs` from proto/katran.proto; a test fails when it is stale.
import type { ServiceDescription } from './wire-format.ts';

export const KATRAN_SERVICE: ServiceDescription = {
  "name": "lb.katran.KatranService",
  "calls": {
    "changeMac": [
      "Mac",
      "Bool"
    ],
    "getMac": [
      "Empty",
      "Mac"
    ],
    "addVip": [
      "VipMeta",
      "Bool"
    ],
    "delVip": [
      "Vip",
      "Bool"
    ],
    "getAllVips": [
      "Empty",
      "Vips"
    ],
    "modifyVip": [
      "VipMeta",
      "Bool"
    ],
    "getVipFlags": [
      "Vip",
      "Flags"
    ],
    "modifyReal": [
      "RealMeta",
      "Bool"
    ],
    "getRealFlags": [
      "Real",
      "Flags"
    ],
    "addRealForVip": [
      "realForVip",
      "Bool"
    ],
    "delRealForVip": [
      "realForVip",
      "Bool"
    ],
    "modifyRealsForVip": [
      "modifiedRealsForVip",
      "Bool"
    ],
    "getRealsForVip": [
      "Vip",
      "Reals"
    ],
    "modifyQuicRealsMapping": [
      "modifiedQuicReals",
      "Bool"
    ],
    "getQuicRealsMapping": [
      "Empty",
      "QuicReals"
    ],
    "getStatsForVip": [
      "Vip",
      "Stats"
    ],
    "getLruStats": [
      "Empty",
      "Stats"
    ],
    "getLruMissStats": [
      "Empty",
      "Stats"
    ],
    "getLruFallbackStats": [
      "Empty",
      "Stats"
    ],
    "getIcmpTooBigStats": [
      "Empty",
      "Stats"
    ],
    "addHealthcheckerDst": [
      "Healthcheck",
      "Bool"
    ],
    "delHealthcheckerDst": [
      "Somark",
      "Bool"
    ],
    "getHealthcheckersDst": [
      "Empty",
      "hcMap"
    ]
  },
  "messages": {
    "Empty": {},
    "Bool": {
      "success": {
        "id": 1,
        "type": "bool"
      }
    },
    "Vip": {
      "address": {
        "id": 1,
        "type": "string"
      },
      "port": {
        "id": 2,
        "type": "int32"
      },
      "protocol": {
        "id": 3,
        "type": "int32"
      }
    },
    "VipMeta": {
      "vip": {
        "id": 1,
        "type": "Vip"
      },
      "flags": {
        "id": 2,
        "type": "int64"
      },
      "setFlag": {
        "id": 3,
        "type": "bool"
      }
    },
    "RealMeta": {
      "address": {
        "id": 1,
        "type": "string"
      },
      "flags": {
        "id": 2,
        "type": "int32"
      },
      "setFlag": {
        "id": 3,
        "type": "bool"
      }
    },
    "Real": {
      "address": {
        "id": 1,
        "type": "string"
      },
      "weight": {
        "id": 2,
        "type": "int32"
      },
      "flags": {
        "id": 3,
        "type": "int32"
      }
    },
    "QuicReal": {
      "address": {
        "id": 1,
        "type": "string"
      },
      "id": {
        "id": 2,
        "type": "int32"
      }
    },
    "Mac": {
      "mac": {
        "id": 1,
        "type": "string"
      }
    },
    "Stats": {
      "v1": {
        "id": 1,
        "type": "uint64"
      },
      "v2": {
        "id": 2,
        "type": "uint64"
      }
    },
    "Healthcheck": {
      "somark": {
        "id": 1,
        "type": "uint32"
      },
      "address": {
        "id": 2,
        "type": "string"
      }
    },
    "hcMap.HealthchecksEntry": {
      "key": {
        "id": 1,
        "type": "int32"
      },
      "value": {
        "id": 2,
        "type": "string"
      }
    },
    "hcMap": {
      "healthchecks": {
        "id": 1,
        "type": "hcMap.HealthchecksEntry",
        "many": "map"
      }
    },
    "Reals": {
      "reals": {
        "id": 1,
        "type": "Real",
        "many": "list"
      }
    },
    "Vips": {
      "vips": {
        "id": 1,
        "type": "Vip",
        "many": "list"
      }
    },
    "QuicReals": {
      "qreals": {
        "id": 1,
        "type": "QuicReal",
        "many": "list"
      }
    },
    "modifiedRealsForVip": {
      "action": {
        "id": 1,
        "type": "Action"
      },
      "real": {
        "id": 2,
        "type": "Reals"
      },
      "vip": {
        "id": 3,
        "type": "Vip"
      }
    },
    "modifiedQuicReals": {
      "action": {
        "id": 1,
        "type": "Action"
      },
      "reals": {
        "id": 2,
        "type": "QuicReals"
      }
    },
    "realForVip": {
      "real": {
        "id": 1,
        "type": "Real"
      },
      "vip": {
        "id": 2,
        "type": "Vip"
      }
    },
    "Flags": {
      "flags": {
        "id": 1,
        "type": "uint64"
      }
    },
    "Somark": {
      "somark": {
        "id": 1,
        "type": "uint32"
      }
    }
  },
  "enums": {
    "Action": {
      "ADD": 0,
      "DEL": 1
    }
  }
};
