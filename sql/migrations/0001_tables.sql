-- The five tables of the agent, with the names, types and defaults its Drizzle client expects.
--
-- Constraint names are Drizzle's, so that a database made by `drizzle-kit push` equals this file
-- and can be adopted. Times carry no zone: the database and its roles run in UTC.

CREATE TABLE public.agent_state (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key varchar(256) NOT NULL,
    value jsonb NOT NULL,
    updated_at timestamp DEFAULT now() NOT NULL,
    CONSTRAINT agent_state_key_unique UNIQUE (key)
);

CREATE TABLE public.memory_facts (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject text NOT NULL,
    body jsonb NOT NULL,
    is_stale boolean DEFAULT false NOT NULL,
    created_at timestamp DEFAULT now() NOT NULL
);

CREATE TABLE public.tool_calls (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    parent_id integer,
    tool_name varchar(128) NOT NULL,
    status varchar(32) DEFAULT 'started' NOT NULL,
    input jsonb NOT NULL,
    output jsonb,
    error text,
    duration_ms integer,
    started_at timestamp DEFAULT now() NOT NULL,
    completed_at timestamp,
    CONSTRAINT tool_calls_parent_id_tool_calls_id_fk
    FOREIGN KEY (parent_id) REFERENCES public.tool_calls (id)
);

CREATE TABLE public.decision_log (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cycle_id integer,
    reasoning jsonb NOT NULL,
    decision text NOT NULL,
    created_at timestamp DEFAULT now() NOT NULL
);

CREATE TABLE public.planning_cycles (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    parent_id integer,
    goals jsonb NOT NULL,
    status varchar(32) DEFAULT 'active' NOT NULL,
    outcomes jsonb,
    started_at timestamp DEFAULT now() NOT NULL,
    completed_at timestamp,
    CONSTRAINT planning_cycles_parent_id_planning_cycles_id_fk
    FOREIGN KEY (parent_id) REFERENCES public.planning_cycles (id)
);
